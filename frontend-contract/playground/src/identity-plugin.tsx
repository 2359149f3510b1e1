import { useGraphiQL, type GraphiQLPlugin } from "@graphiql/react";
import { useState } from "react";

const CUSTOMERS = ["customer-ada", "customer-bruno", "customer-chiara"] as const;

/** How to act as a customer: sets the headers of the present tab, or says where a token comes from. */
function IdentityPanel() {
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const [message, setMessage] = useState("");
  const merge = (change: Record<string, string | undefined>) => {
    const headers = { ...readHeaders(headerEditor?.getValue()), ...change };
    headerEditor?.setValue(JSON.stringify(headers, null, 2));
  };
  const signIn = async (customer: string) => {
    const token = await fetchToken(customer);
    if (token === undefined) {
      setMessage("This gateway gives no development tokens. Ask whoever runs it for a token.");
      return;
    }
    merge({ authorization: `Bearer ${token}` });
    setMessage(`The headers of this tab now act as ${customer}.`);
  };
  return (
    <section className="identity">
      <h2>Identity</h2>
      <p>Requests carry the headers of their tab; subscriptions send them when they connect.</p>
      <h3>Act as a demo customer</h3>
      <div className="identity-choices">
        {CUSTOMERS.map((customer) => (
          <button key={customer} type="button" className="graphiql-button" onClick={() => void signIn(customer)}>
            {customer}
          </button>
        ))}
        <button type="button" className="graphiql-button" onClick={() => merge({ authorization: undefined })}>
          nobody
        </button>
      </div>
      <p role="status">{message}</p>
      <h3>With scopes</h3>
      <p>On the command line, in development mode:</p>
      <pre>selvedge token --sub staff --scope inventory:write</pre>
      <p>Then put it into the headers:</p>
      <pre>{'{ "authorization": "Bearer …" }'}</pre>
      <h3>See the plan</h3>
      <p>
        The header <code>{'"x-selvedge-debug": "plan"'}</code> adds the query plan and the number of requests to each
        subgraph to the extensions of the answer.
      </p>
      <button type="button" className="graphiql-button" onClick={() => merge({ "x-selvedge-debug": "plan" })}>
        Ask for the plan
      </button>
    </section>
  );
}

function readHeaders(text: string | undefined): Record<string, string> {
  try {
    return JSON.parse(text?.trim() ? text : "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

async function fetchToken(customer: string): Promise<string | undefined> {
  try {
    const response = await fetch(`/shop/dev-token?sub=${encodeURIComponent(customer)}`);
    if (!response.ok) return undefined;
    const { token } = (await response.json()) as { token?: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}

function IdentityIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <circle cx="12" cy="8" r="4" />
      <path d="M4 21c0-4.4 3.6-7 8-7s8 2.6 8 7" />
    </svg>
  );
}

export const identityPlugin: GraphiQLPlugin = { title: "Identity", icon: IdentityIcon, content: IdentityPanel };
