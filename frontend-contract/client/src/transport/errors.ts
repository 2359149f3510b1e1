/** One entry of a GraphQL response's `errors`. */
export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: { readonly code?: string; readonly serviceName?: string; readonly [key: string]: unknown } | undefined;
}

/** What an operation came to: data, errors, or both when a part failed. Never thrown. */
export interface GraphqlResult<Data> {
  readonly data: Data | undefined;
  readonly errors: readonly GraphqlError[];
}

/** The code of errors that this client makes itself when no answer came. */
export const NETWORK_ERROR_CODE = "NETWORK_ERROR";

/** An error in GraphQL's form for an answer that never came or could not be read. */
export function networkError(message: string): GraphqlError {
  return { message, extensions: { code: NETWORK_ERROR_CODE } };
}

/** True when no server answered, so that trying the same request again is reasonable. */
export function isNetworkError(error: GraphqlError): boolean {
  return error.extensions?.code === NETWORK_ERROR_CODE;
}

/** The subgraphs that errors name, each once; an error that names none counts as the gateway. */
export function failedParts(errors: readonly GraphqlError[]): string[] {
  return [...new Set(errors.map((error) => error.extensions?.serviceName ?? "gateway"))].sort();
}
