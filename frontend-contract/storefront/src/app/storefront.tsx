import { BehaviourRecorder, gatewayBehaviour } from "@selvedge/client";
import { createShop, type Shop } from "@selvedge/client/react";
import { createContext, use } from "react";

import { AnonymousConsent } from "../customer/anonymous-consent.ts";
import { Session } from "../customer/session.ts";
import { NoticeBoard } from "../notice/notice-board.ts";

/** Everything that lives as long as the page. */
export interface Storefront {
  readonly shop: Shop;
  readonly session: Session;
  readonly recorder: BehaviourRecorder;
  readonly notices: NoticeBoard;
  readonly anonymousConsent: AnonymousConsent;
  /** Tells the recorder what the signed-in customer has agreed to. */
  readonly noteCustomerConsent: (personalisation: boolean) => void;
}

/** Wires the page to the gateway that served it. */
export function createStorefront(): Storefront {
  const session = new Session({ storage: localStorage, fetch: (input) => fetch(input), now: Date.now });
  const shop = createShop({ url: "/graphql", getToken: () => session.token() });
  const anonymousConsent = new AnonymousConsent(localStorage);
  let customerAgreed = false;
  const recorder = new BehaviourRecorder({
    send: gatewayBehaviour(shop.client),
    mayRecord: () => (session.read().status === "signed-in" ? customerAgreed : anonymousConsent.read()),
    sessionId: sessionId(),
    newId: () => crypto.randomUUID(),
    now: () => new Date(),
  });
  session.watchIdentity(() => {
    customerAgreed = false;
    shop.queries.reset();
    shop.client.live.reconnect();
    shop.liveQueries.reset();
  });
  const noteCustomerConsent = (personalisation: boolean) => {
    customerAgreed = personalisation;
  };
  return { shop, session, recorder, notices: new NoticeBoard(), anonymousConsent, noteCustomerConsent };
}

/** Names this visit; gone when the tab is. */
function sessionId(): string {
  const known = sessionStorage.getItem("selvedge.session");
  if (known) return known;
  const made = crypto.randomUUID();
  sessionStorage.setItem("selvedge.session", made);
  return made;
}

export const StorefrontContext = createContext<Storefront | undefined>(undefined);

/** The storefront of this page. */
export function useStorefront(): Storefront {
  const storefront = use(StorefrontContext);
  if (!storefront) throw new Error("useStorefront needs a StorefrontContext above it");
  return storefront;
}
