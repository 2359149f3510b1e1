import { formatCountdown, heldQuantity, lapsedQuantity, remainingMs, subtotal, type CartLine, type CartProblem } from "@selvedge/client";
import { useCart } from "@selvedge/client/react";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import { useStorefront } from "../app/storefront.tsx";
import { useNow } from "../app/use-now.ts";
import { formatMoney } from "../catalog/money.ts";
import { Notices } from "../notice/notices.tsx";
import { ProductPicture } from "../picture/product-picture.tsx";
import { useCartPanel } from "./cart-context.tsx";
import { describeProblem } from "./problem-text.ts";

/** The cart at the side of the page: pieces, how long they are held, and what they cost. */
export function CartDrawer() {
  const { shown, close } = useCartPanel();
  const { cart } = useCart();
  const now = useNow();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  const total = subtotal(cart, now);
  return (
    <dialog
      ref={dialog}
      className="drawer"
      aria-labelledby="cart-title"
      onClose={() => {
        close();
        // The button that opened it may have been disabled meanwhile; then the browser would lose the place.
        if (document.activeElement === document.body) document.querySelector<HTMLElement>(".cart-button")?.focus();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <div className="drawer-inside">
        <header>
          <h2 id="cart-title">Cart</h2>
          <button type="button" className="button-quiet" onClick={close}>
            Close
          </button>
        </header>
        {cart.lines.length === 0 ? (
          <p className="empty">Nothing held for you yet.</p>
        ) : (
          <ul className="lines">
            {cart.lines.map((line) => (
              <Line key={line.item.sku} line={line} now={now} />
            ))}
          </ul>
        )}
        {cart.lines.length > 0 && (
          <footer>
            <p className="subtotal">
              <span>Subtotal</span>
              <strong>{total ? formatMoney(total) : "–"}</strong>
            </p>
            <p className="fine">This is a sample shop: pieces are truly held in stock, but there is no checkout yet.</p>
          </footer>
        )}
      </div>
      {shown && <Notices />}
    </dialog>
  );
}

function Line({ line, now }: { readonly line: CartLine; readonly now: number }) {
  const { store } = useCart();
  const { notices } = useStorefront();
  const { close } = useCartPanel();
  const [busy, setBusy] = useState(false);
  const { item } = line;
  const run = (work: () => Promise<CartProblem | undefined>) => {
    setBusy(true);
    void work().then((problem) => {
      setBusy(false);
      if (problem) notices.show(describeProblem(problem), "bad");
    });
  };
  const held = heldQuantity(line, now);
  return (
    <li className="line-item" data-testid={`line-${item.sku}`}>
      <ProductPicture title={item.title} category={item.category} color={item.color} imageUrl={item.imageUrl} altText="" />
      <div>
        <Link href={`/products/${encodeURIComponent(item.handle)}`} onClick={close}>
          {item.title}
        </Link>
        <p className="fine">{[item.color, item.size].filter(Boolean).join(" · ")}</p>
        <p>{formatMoney(item.unitPrice)}</p>
        <HoldState line={line} now={now} />
        <div className="line-actions">
          <span className="stepper">
            <button type="button" aria-label={`One ${item.title} less`} disabled={busy || held === 0} onClick={() => run(() => store.takeOne(line))}>
              −
            </button>
            <b aria-label="Quantity">{held + line.pending}</b>
            <button type="button" aria-label={`One ${item.title} more`} disabled={busy} onClick={() => run(() => store.add(item))}>
              +
            </button>
          </span>
          {lapsedQuantity(line, now) > 0 && (
            <button type="button" className="button-quiet" disabled={busy} onClick={() => run(() => store.holdAgain(line))}>
              Hold again
            </button>
          )}
          <button type="button" className="button-quiet" data-testid={`remove-${item.sku}`} disabled={busy} onClick={() => run(() => store.remove(line))}>
            Remove
          </button>
        </div>
      </div>
    </li>
  );
}

function HoldState({ line, now }: { readonly line: CartLine; readonly now: number }) {
  const left = remainingMs(line, now);
  const lapsed = lapsedQuantity(line, now);
  if (line.pending > 0) return <p className="hold">Holding…</p>;
  if (left === undefined) return <p className="hold hold-ended">The hold has ended; the stock is free again.</p>;
  return (
    <p className="hold" data-testid={`hold-${line.item.sku}`}>
      Held for you · <time role="timer">{formatCountdown(left)}</time>
      {lapsed > 0 && ` · ${lapsed} no longer held`}
    </p>
  );
}
