import { useSyncExternalStore } from "react";

import { useStorefront } from "../app/storefront.tsx";
import { useCartPanel } from "../cart/cart-context.tsx";

/** Shows the notices of the moment and reads them out. */
export function Notices() {
  const { notices } = useStorefront();
  const shown = useSyncExternalStore(notices.watch, notices.read);
  return (
    <div className="notices" role="status" aria-live="polite">
      {shown.map((notice) => (
        <p key={notice.id} className={`notice notice-${notice.tone}`}>
          {notice.text}
          <button type="button" className="notice-close" aria-label="Dismiss" onClick={() => notices.dismiss(notice.id)}>
            ×
          </button>
        </p>
      ))}
    </div>
  );
}

/** The notices of the page; while the cart is open it shows them itself, because all else is behind it. */
export function PageNotices() {
  const { shown } = useCartPanel();
  return shown ? null : <Notices />;
}
