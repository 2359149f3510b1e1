import type { PageEvent, PageLife } from "../src/live/page-life.ts";

/** A page that the test puts to sleep, wakes, and takes off the network. */
export class TestPage implements PageLife {
  readonly #listeners = new Set<(event: PageEvent) => void>();
  isOnline = true;

  online(): boolean {
    return this.isOnline;
  }

  watch(listener: (event: PageEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: PageEvent): void {
    if (event === "online" || event === "offline") this.isOnline = event === "online";
    for (const listener of this.#listeners) listener(event);
  }
}
