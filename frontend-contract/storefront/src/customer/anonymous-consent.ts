const KEY = "selvedge.consent.session";

/** Whether this browser may be remembered without an account: off until the visitor says yes, or asks not to. */
export class AnonymousConsent {
  readonly #storage: Pick<Storage, "getItem" | "setItem">;
  readonly #refused: boolean;
  readonly #listeners = new Set<() => void>();

  constructor(storage: Pick<Storage, "getItem" | "setItem">, refused = globalPrivacyControl()) {
    this.#storage = storage;
    this.#refused = refused;
  }

  readonly read = (): boolean => !this.#refused && this.#storage.getItem(KEY) === "yes";

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** True when the browser itself says no (Global Privacy Control). */
  get refused(): boolean {
    return this.#refused;
  }

  set(allowed: boolean): void {
    this.#storage.setItem(KEY, allowed ? "yes" : "no");
    for (const listener of [...this.#listeners]) listener();
  }
}

function globalPrivacyControl(): boolean {
  return (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
}
