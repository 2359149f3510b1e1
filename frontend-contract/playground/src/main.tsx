import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./playground.css";

import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";

import { examplesFor, findSkus } from "./examples.ts";
import { identityPlugin } from "./identity-plugin.tsx";

const endpoint = new URL("/graphql", location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const fetcher = createGraphiQLFetcher({ url: endpoint.href, subscriptionUrl: socket.href });
const plugins = [HISTORY_PLUGIN, explorerPlugin(), identityPlugin];

const root = document.getElementById("root");
if (!root) throw new Error("the page has no element #root");
const examples = examplesFor(await findSkus(endpoint.href));
createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    defaultTabs={examples.map((example) => ({ variables: null, headers: null, ...example }))}
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
