import { useStockConnection } from "@selvedge/client/react";
import { Link } from "wouter";

const CONNECTION_TEXT = {
  idle: "Stock is live on product pages",
  connecting: "Connecting to live stock…",
  live: "Stock is live",
  offline: "Live stock is away; counts may be behind. Reconnecting…",
} as const;

/** Where the thread ends: state of the live connection and the privacy page. */
export function Footer() {
  const connection = useStockConnection();
  return (
    <footer className="footer">
      <p className={`connection connection-${connection}`} data-testid="connection" data-state={connection}>
        {CONNECTION_TEXT[connection]}
      </p>
      <nav aria-label="More">
        <Link href="/privacy">Privacy</Link>
      </nav>
      <p className="fine">A sample shop. Nothing here is sold, and nothing is charged.</p>
    </footer>
  );
}
