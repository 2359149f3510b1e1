import type { ConsentInput } from "@selvedge/client";
import { useMe, useSetConsent } from "@selvedge/client/react";
import { useState, useSyncExternalStore } from "react";

import { useStorefront } from "../app/storefront.tsx";
import { MissingPart } from "../notice/missing-part.tsx";
import { useSession } from "./use-session.ts";

type Purpose = keyof ConsentInput;

const PURPOSES: readonly { readonly purpose: Purpose; readonly title: string; readonly text: string }[] = [
  {
    purpose: "personalisation",
    title: "Personal recommendations",
    text: "We note which products you look at, put into the cart and buy, and choose your feed from it. Off: the feed shows what is popular, and nothing you do here is stored with your name.",
  },
  {
    purpose: "analytics",
    title: "Statistics",
    text: "Visits are counted to see which pages help and which do not.",
  },
  {
    purpose: "marketing",
    title: "Letters",
    text: "New collections and things of your size that are back in stock, by e-mail.",
  },
];

/** What may be stored about the visitor, switch by switch. */
export function PrivacyPage() {
  const { signedIn, customer } = useSession();
  return (
    <section className="page page-narrow">
      <header className="page-head">
        <p className="eyebrow">Your data</p>
        <h1>Privacy</h1>
        <p className="lede">Everything is off until you turn it on, and off again when you turn it off.</p>
      </header>
      {signedIn ? <CustomerConsent name={customer?.name ?? ""} /> : <VisitorConsent />}
      <h2>What this browser keeps</h2>
      <p>
        The cart, so that a reload does not lose what is held for you; the demo customer you chose; and the switch for
        visitors. No cookies, no third parties, no fonts or scripts from elsewhere.
      </p>
    </section>
  );
}

function CustomerConsent({ name }: { readonly name: string }) {
  const { notices } = useStorefront();
  const { data, errors, fetching, refresh } = useMe(false);
  const setConsent = useSetConsent();
  const [saving, setSaving] = useState<Purpose | undefined>();
  const consent = data?.me?.consent;
  const change = async (purpose: Purpose, allowed: boolean) => {
    setSaving(purpose);
    const failures = await setConsent({ [purpose]: allowed });
    setSaving(undefined);
    if (failures.length > 0) notices.show("Your choice could not be saved. Nothing was changed.", "bad");
    else notices.show("Saved");
  };
  return (
    <>
      <h2>Choices of {name}</h2>
      <MissingPart what="Your choices." errors={errors} onRetry={() => void refresh()} />
      {consent &&
        PURPOSES.map(({ purpose, title, text }) => (
          <Switch
            key={purpose}
            title={title}
            text={text}
            checked={consent[purpose]}
            disabled={saving !== undefined}
            onChange={(allowed) => void change(purpose, allowed)}
          />
        ))}
      {consent?.updatedAt && (
        <p className="fine">Last changed {new Date(consent.updatedAt).toLocaleString("en-GB")}.</p>
      )}
      {!consent && fetching && <p className="fine">Loading your choices…</p>}
    </>
  );
}

function VisitorConsent() {
  const { anonymousConsent } = useStorefront();
  const allowed = useSyncExternalStore(anonymousConsent.watch, anonymousConsent.read);
  return (
    <>
      <h2>Choices of this visit</h2>
      <Switch
        title="Use what I look at in this visit"
        text="Products you look at count towards what is popular and what goes together, under a number that is forgotten when you close the tab."
        checked={allowed}
        disabled={anonymousConsent.refused}
        onChange={(next) => anonymousConsent.set(next)}
      />
      {anonymousConsent.refused && <p className="fine">Your browser sends Global Privacy Control; we follow it.</p>}
      <p className="fine">Sign in to see the choices of a customer.</p>
    </>
  );
}

function Switch({
  title,
  text,
  checked,
  disabled,
  onChange,
}: {
  readonly title: string;
  readonly text: string;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <label className="switch">
      <span>
        <strong>{title}</strong>
        <small>{text}</small>
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </label>
  );
}
