/** What happens to a page from outside: `sleep` when it is put away, `wake` when it is looked at again. */
export type PageEvent = "online" | "offline" | "wake" | "sleep";

/** The page as the connection sees it. */
export interface PageLife {
  /** False when there is surely no network. */
  online(): boolean;
  /** Calls back at every event; returns how to stop. */
  watch(listener: (event: PageEvent) => void): () => void;
}

/** The page of this browser; outside of a browser a page to which nothing happens. */
export function browserPage(): PageLife {
  if (typeof document === "undefined") return { online: () => true, watch: () => () => undefined };
  return {
    online: () => navigator.onLine,
    watch: (listener) => {
      const ended = new AbortController();
      const on = (target: EventTarget, type: string, event: (detail: Event) => PageEvent | undefined) => {
        const notify = (detail: Event) => {
          const what = event(detail);
          if (what) listener(what);
        };
        target.addEventListener(type, notify, { signal: ended.signal });
      };
      on(window, "online", () => "online");
      on(window, "offline", () => "offline");
      on(window, "pageshow", () => "wake");
      // A page with an open socket cannot be kept for the back button; one that has closed it can.
      on(window, "pagehide", (detail) => ((detail as PageTransitionEvent).persisted ? "sleep" : undefined));
      on(document, "visibilitychange", () => (document.visibilityState === "visible" ? "wake" : undefined));
      on(document, "resume", () => "wake");
      return () => ended.abort();
    },
  };
}
