/** Something to tell the shopper for a moment. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: "good" | "bad";
}

const SHOWN_MS = 6_000;

/** The notices on the screen, oldest first. */
export class NoticeBoard {
  readonly #listeners = new Set<() => void>();
  #notices: readonly Notice[] = [];
  #nextId = 1;

  readonly read = (): readonly Notice[] => this.#notices;

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows a text for a few seconds; the same text is not shown twice at a time. */
  show(text: string, tone: Notice["tone"] = "good"): void {
    if (this.#notices.some((notice) => notice.text === text)) return;
    const notice = { id: this.#nextId++, text, tone };
    this.#set([...this.#notices, notice].slice(-4));
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.#set(this.#notices.filter((notice) => notice.id !== id));
  }

  #set(notices: readonly Notice[]): void {
    this.#notices = notices;
    for (const listener of [...this.#listeners]) listener();
  }
}
