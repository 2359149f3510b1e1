import { useStorefront } from "../app/storefront.tsx";
import { DEMO_CUSTOMERS, type DemoCustomer } from "./session.ts";
import { useSession } from "./use-session.ts";

/** Signs in as one of the demo customers, and out. */
export function AccountMenu() {
  const { session, notices } = useStorefront();
  const { status, customer } = useSession();
  const signIn = async (wanted: DemoCustomer) => {
    const done = await session.signIn(wanted);
    if (done) notices.show(`Signed in as ${wanted.name}`);
    else notices.show("Signing in as a demo customer needs a shop in development mode. You can shop without it.", "bad");
  };
  return (
    <details className="account" name="account">
      <summary data-testid="account">{status === "signed-in" ? customer?.name : "Sign in"}</summary>
      <div className="account-menu">
        <p className="eyebrow">Demo customers</p>
        <ul>
          {DEMO_CUSTOMERS.map((candidate) => (
            <li key={candidate.id}>
              <button
                type="button"
                aria-pressed={candidate.id === customer?.id}
                onClick={(event) => {
                  event.currentTarget.closest("details")?.removeAttribute("open");
                  void signIn(candidate);
                }}
              >
                <strong>{candidate.name}</strong>
                <span>{candidate.taste}</span>
              </button>
            </li>
          ))}
        </ul>
        {status === "signed-in" && (
          <button type="button" className="button-quiet" onClick={() => session.signOut()}>
            Sign out
          </button>
        )}
      </div>
    </details>
  );
}
