// The client libraries, each behind the same few calls.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { SubscriptionClient } from 'subscriptions-transport-ws';
import WebSocket from 'ws';

const shortly = () => new Promise((done) => setTimeout(done, 100));
const REFUSED = /token has expired|401|Unauthorized/i;

const headersOf = (authorization) => (authorization === undefined ? {} : { authorization });

/** The one answer to a query, of a client that streams all operations. */
const asked = (client) => (query, variables) => new Promise((done, failed) => {
  let answer;
  client.subscribe({ query, variables }, { next: (value) => (answer = value), error: failed, complete: () => done(answer) });
});

export function graphqlWs(shop, options = {}) {
  return (authorization) => {
    const client = createSocketClient({
      url: shop.socketUrl,
      webSocketImpl: WebSocket,
      connectionParams: headersOf(authorization),
      retryAttempts: 50,
      retryWait: shortly,
      // A token that is refused stays refused.
      shouldRetry: (event) => event?.code !== 4403,
      ...options,
    });
    return {
      subscribe: (operation, sink) => client.subscribe(operation, sink),
      query: asked(client),
      refused: /Forbidden: the token has expired/,
      dispose: () => client.dispose(),
    };
  };
}

export function subscriptionsTransportWs(shop) {
  return (authorization) => {
    const refusals = [];
    const client = new SubscriptionClient(shop.socketUrl, {
      connectionParams: headersOf(authorization),
      connectionCallback: (error) => error && refusals.push(error.message),
      reconnect: true,
      minTimeout: 2_000,
    }, WebSocket);
    client.onError(() => {});
    const subscribe = (operation, sink) => client.request(operation).subscribe(sink).unsubscribe;
    return { subscribe, query: asked({ subscribe }), refusals, refused: /Forbidden: the token has expired/, dispose: () => client.close(true) };
  };
}

export function graphqlSse(shop, singleConnection) {
  return (authorization) => {
    const client = createSseClient({
      url: singleConnection ? shop.streamUrl : shop.url,
      singleConnection,
      headers: () => headersOf(authorization),
      // It takes every status for a fault of the network, which may pass.
      retryAttempts: 40,
      retry: shortly,
    });
    return {
      subscribe: (operation, sink) => client.subscribe(operation, sink),
      query: asked(client),
      refused: REFUSED,
      // Where each operation has a request of its own, errors come over the one stream only once it runs.
      invalid: singleConnection ? /400/ : /nothing/,
      dispose: () => client.dispose(),
    };
  };
}

export function apollo(shop) {
  return (authorization) => {
    const client = new ApolloClient({
      cache: new InMemoryCache(),
      link: new HttpLink({ uri: shop.url, headers: headersOf(authorization) }),
    });
    return {
      subscribe({ query, variables }, sink) {
        const stream = client.subscribe({ query: gql(query), variables, fetchPolicy: 'no-cache', errorPolicy: 'all' });
        const subscription = stream.subscribe({
          next: ({ data, error }) => {
            // What ends the subscription has no data.
            if (error && data == null) return sink.error(error);
            return sink.next({ data, errors: error?.errors });
          },
          error: sink.error,
          complete: sink.complete,
        });
        return () => subscription.unsubscribe();
      },
      query: (query, variables) => client.query({ query: gql(query), variables, fetchPolicy: 'no-cache' }),
      refused: REFUSED,
      endsWithGateway: /shutting down/,
      dispose: () => client.stop(),
    };
  };
}

/** urql with a transport of its own for subscriptions. */
export function urql(shop, transport) {
  return (authorization) => {
    const inner = transport(authorization);
    const client = new Client({
      url: shop.url,
      fetchOptions: { headers: headersOf(authorization) },
      preferGetMethod: false,
      exchanges: [
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({ unsubscribe: inner.subscribe({ query, variables }, sink) }),
          }),
        }),
        fetchExchange,
      ],
    });
    return {
      subscribe({ query, variables }, sink) {
        let last;
        const { unsubscribe } = client.subscription(query, variables).subscribe((result) => {
          if (result.error && result.data == null) return sink.error(result.error.graphQLErrors.length ? result.error.graphQLErrors : [result.error.networkError ?? result.error]);
          // At the end it gives what it gave last once more.
          if (result.hasNext === false && result.data === last) return sink.complete();
          last = result.data;
          return sink.next({ data: result.data, errors: result.error?.graphQLErrors });
        });
        return unsubscribe;
      },
      query: async (query, variables) => {
        const { data, error } = await client.query(query, variables).toPromise();
        if (error) throw error;
        return { data };
      },
      refused: inner.refused,
      dispose: inner.dispose,
    };
  };
}
