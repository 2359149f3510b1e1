import { failedParts, isNetworkError, type GraphqlError } from "@selvedge/client";

/** Says in words which services of the shop did not answer; a service that answered with an error is not away. */
export function describeMissing(errors: readonly GraphqlError[]): string {
  if (errors.every(isNetworkError)) return "The shop cannot be reached right now.";
  const parts = failedParts(errors).filter((part) => part !== "gateway");
  if (parts.length === 0) return "Something went wrong on our side.";
  if (!errors.some((error) => error.extensions?.code === "SUBGRAPH_REQUEST_FAILED")) {
    return `Something went wrong in the ${parts.join(" and the ")} service.`;
  }
  const [first] = parts;
  return parts.length === 1
    ? `The ${String(first)} service is not answering right now.`
    : `The services ${parts.join(" and ")} are not answering right now.`;
}

/** A quiet notice in the place of what is missing. The page tries again by itself. */
export function MissingPart({
  errors,
  what,
  onRetry,
}: {
  readonly errors: readonly GraphqlError[];
  readonly what: string;
  readonly onRetry?: (() => void) | undefined;
}) {
  if (errors.length === 0) return null;
  return (
    <div className="missing" role="status" data-testid="missing-part">
      <p>
        <strong>{what}</strong> {describeMissing(errors)} {errors.every(isNetworkError) ? "We keep trying." : "Everything else works; we keep trying."}
      </p>
      {onRetry && (
        <button type="button" className="button-quiet" onClick={onRetry}>
          Try now
        </button>
      )}
    </div>
  );
}
