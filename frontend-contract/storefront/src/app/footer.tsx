import type { LinkState } from "@selvedge/client";
import { useLiveConnection } from "@selvedge/client/react";
import { Link } from "wouter";

const CONNECTION_TEXT: Record<LinkState, string> = {
  idle: "Stock is live where it is shown",
  connecting: "Connecting to live stock…",
  live: "Stock is live",
  checking: "Looking whether stock is still live…",
  reconnecting: "Live stock is away; counts may be behind. Reconnecting…",
  offline: "You are offline; counts may be behind",
  refused: "Live stock was refused; counts may be behind",
};

/** Where the thread ends: state of the live connection and the privacy page. */
export function Footer() {
  const { state, error } = useLiveConnection();
  return (
    <footer className="footer">
      <p className={`connection connection-${state}`} role="status" data-testid="connection" data-state={state} title={error?.message}>
        {CONNECTION_TEXT[state]}
      </p>
      <nav aria-label="More">
        <Link href="/privacy">Privacy</Link>
      </nav>
      <p className="fine">A sample shop. Nothing here is sold, and nothing is charged.</p>
    </footer>
  );
}
