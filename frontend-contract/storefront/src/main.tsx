import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/catalog.css";
import "./styles/product.css";
import "./styles/cart.css";
import "./styles/customer.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/app.tsx";
import { createStorefront } from "./app/storefront.tsx";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no element #root");
createRoot(root).render(
  <StrictMode>
    <App storefront={createStorefront()} />
  </StrictMode>,
);
