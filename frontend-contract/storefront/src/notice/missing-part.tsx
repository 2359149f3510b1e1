import { failedParts, isNetworkError, type GraphqlError } from "@selvedge/client";

const PART_NAMES: Readonly<Record<string, string>> = {
  inventory: "catalog and stock (inventory)",
  preferences: "wishlists and preferences (preferences)",
  recommendation: "recommendations (recommendation)",
};

/** Says in words which parts of the shop did not answer. */
export function describeMissing(errors: readonly GraphqlError[]): string {
  if (errors.every(isNetworkError)) return "The shop cannot be reached right now.";
  const parts = failedParts(errors).flatMap((part) => PART_NAMES[part] ?? (part === "gateway" ? [] : part));
  if (parts.length === 0) return "Something went wrong on our side.";
  return `Not answering right now: ${parts.join(" and ")}.`;
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
        <strong>{what}</strong> {describeMissing(errors)} Everything else works; we keep trying.
      </p>
      {onRetry && (
        <button type="button" className="button-quiet" onClick={onRetry}>
          Try now
        </button>
      )}
    </div>
  );
}
