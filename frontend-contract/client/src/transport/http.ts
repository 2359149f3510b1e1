import { networkError, type GraphqlError, type GraphqlResult } from "./errors.ts";

/** Where and how operations are sent over HTTP. */
export interface HttpOptions {
  /** Address of the GraphQL endpoint. */
  readonly url: string;
  /** The bearer token of the caller; undefined for an anonymous one. */
  readonly getToken?: () => Promise<string | undefined>;
  /** For tests. */
  readonly fetch?: typeof fetch;
  /** A request without an answer after this long is a network error. */
  readonly timeoutMs?: number;
}

/** How one request differs from the others. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Lets the request outlive the page. */
  readonly keepalive?: boolean | undefined;
}

interface ResponseBody {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlError[];
}

/** Sends one operation by the GraphQL over HTTP specification and returns data and errors; rejects never. */
export async function sendOverHttp<Data>(
  options: HttpOptions,
  body: { readonly query: string; readonly variables: unknown },
  request: RequestOptions = {},
): Promise<GraphqlResult<Data>> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 15_000);
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
  try {
    const token = await options.getToken?.();
    const response = await (options.fetch ?? fetch)(options.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json, application/json;q=0.9",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal,
      keepalive: request.keepalive ?? false,
    });
    return await readResponse<Data>(response);
  } catch {
    const reason = timeout.aborted ? "the shop did not answer in time" : "the shop cannot be reached";
    return { data: undefined, errors: [networkError(request.signal?.aborted ? "aborted" : reason)] };
  }
}

async function readResponse<Data>(response: Response): Promise<GraphqlResult<Data>> {
  const body = (await response.json().catch(() => undefined)) as ResponseBody | undefined;
  if (body === undefined || (body.data === undefined && body.errors === undefined)) {
    return { data: undefined, errors: [networkError(`the shop answered with status ${response.status}`)] };
  }
  return { data: (body.data ?? undefined) as Data | undefined, errors: body.errors ?? [] };
}

