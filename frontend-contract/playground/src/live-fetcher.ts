import type { Fetcher, FetcherParams } from "@graphiql/toolkit";
import { applyPatch } from "@selvedge/client";
import { Kind, type DocumentNode, type ExecutionResult } from "graphql";
import { createClient } from "graphql-ws";

interface LivePayload {
  readonly data?: unknown;
  readonly errors?: readonly unknown[];
  readonly revision?: number;
  readonly patch?: Parameters<typeof applyPatch>[1];
}

/** Sends queries with `@live` over a WebSocket and shows each answer whole; everything else goes the other way. */
export function withLiveQueries(other: Fetcher, url: string, webSocket?: unknown): Fetcher {
  return (params, options) => {
    if (!options?.documentAST || !isLive(options.documentAST, params.operationName ?? undefined)) return other(params, options);
    return followLive(params, url, options.headers ?? {}, webSocket);
  };
}

/** True when the chosen operation is a query that asks to be kept alive. */
export function isLive(document: DocumentNode, operationName: string | undefined): boolean {
  return document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      (operationName === undefined || definition.name?.value === operationName) &&
      (definition.directives ?? []).some((directive) => directive.name.value === "live"),
  );
}

async function* followLive(params: FetcherParams, url: string, headers: Record<string, unknown>, webSocket: unknown): AsyncGenerator<ExecutionResult> {
  const client = createClient({ url, connectionParams: headers, webSocketImpl: webSocket });
  const { query, operationName } = params;
  const variables = params.variables as Record<string, unknown> | undefined;
  let data: unknown;
  try {
    for await (const payload of client.iterate({ query, variables: variables ?? null, operationName: operationName ?? null })) {
      const { patch, ...rest } = payload as LivePayload;
      data = patch ? applyPatch(data, patch) : rest.data;
      yield { ...rest, data } as ExecutionResult;
    }
  } finally {
    await client.dispose();
  }
}
