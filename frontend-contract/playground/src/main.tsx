import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./playground.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";

import { examplesFor, findSkus, PLAN_HEADERS } from "./examples.ts";
import { identityPlugin } from "./identity-plugin.tsx";
import { withLiveQueries } from "./live-fetcher.ts";

const endpoint = new URL("/graphql", location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const fetcher = withLiveQueries(createGraphiQLFetcher({ url: endpoint.href, subscriptionUrl: socket.href }), socket.href);
const plugins = [HISTORY_PLUGIN, explorerPlugin(), identityPlugin];

const root = document.getElementById("root");
if (!root) throw new Error("the page has no element #root");
// The editors of the first tab open with what was stored last, or, on a first visit, with what they are told here.
const firstVisit = localStorage.getItem("graphiql:tabState") === null;
const examples = examplesFor(await findSkus(endpoint.href));
createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    defaultTabs={examples.map((example) => ({ variables: null, headers: PLAN_HEADERS, ...example }))}
    defaultHeaders={PLAN_HEADERS}
    {...(firstVisit ? { initialVariables: examples[0]?.variables ?? "", initialHeaders: PLAN_HEADERS } : {})}
    defaultEditorToolsVisibility
    shouldPersistHeaders={false}
    defaultTheme="light"
  >
    <GraphiQL.Logo>
      <a href="/shop/" className="playground-logo">
        Selvedge
      </a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
