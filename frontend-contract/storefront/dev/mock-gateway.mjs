// A stand-in for the gateway while working on the front end alone: the same API schema over a handful of products in
// memory. `npm run mock`, then `npm run dev`. MOCK_DOWN=recommendation,preferences makes subgraphs fail.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { buildSchema, graphql, GraphQLError, parse, validate, subscribe, execute } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

import { addCustomer, badgeOf, catalog, nextBadge, release, reserve } from "./mock-catalog.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const schema = buildSchema(await readFile(join(here, "../../../schema/api.graphql"), "utf8"));
const port = Number(process.env.PORT ?? 4000);
const down = new Set((process.env.MOCK_DOWN ?? "").split(",").filter(Boolean));

function need(subgraph) {
  if (down.has(subgraph)) {
    throw new GraphQLError(`subgraph \`${subgraph}\` did not answer`, {
      extensions: { code: "SUBGRAPH_REQUEST_FAILED", reason: "SUBGRAPH_UNREACHABLE", serviceName: subgraph },
    });
  }
}

function connect(nodes, { first = 20, after }) {
  const start = after ? Number(after) + 1 : 0;
  const page = nodes.slice(start, start + first);
  return {
    totalCount: nodes.length,
    nodes: page,
    edges: page.map((node, index) => ({ node, cursor: String(start + index) })),
    pageInfo: {
      hasNextPage: start + first < nodes.length,
      hasPreviousPage: start > 0,
      startCursor: String(start),
      endCursor: page.length ? String(start + page.length - 1) : null,
    },
  };
}

function matches(product, filter = {}) {
  const any = (wanted, values) => !wanted?.length || wanted.some((value) => values.includes(value));
  const text = `${product.title} ${product.vendor} ${product.category}`.toLowerCase();
  return (
    (!filter.query || filter.query.toLowerCase().split(/\s+/).every((word) => text.includes(word))) &&
    any(filter.category, [product.category]) &&
    any(filter.gender, [product.gender]) &&
    any(filter.size, product.variants.map((variant) => variant.size)) &&
    any(filter.color, product.variants.map((variant) => variant.color)) &&
    (filter.available == null || product.variants.some((variant) => badgeOf(variant.sku).available > 0) === filter.available)
  );
}

const sorts = {
  FEATURED: () => 0,
  NEWEST: (a, b) => b.createdAt.localeCompare(a.createdAt),
  TITLE: (a, b) => a.title.localeCompare(b.title),
  PRICE_ASC: (a, b) => a.priceRange.min.amount - b.priceRange.min.amount,
  PRICE_DESC: (a, b) => b.priceRange.min.amount - a.priceRange.min.amount,
};

function customerOf(request) {
  need("preferences");
  return request.sub ? addCustomer(request.sub) : null;
}

function view(product, request) {
  const others = (test) => catalog.filter((other) => other !== product && test(other));
  const recommend = (list, code, text) => ({ first }) => {
    need("recommendation");
    return list.slice(0, first).map((other, index) => ({
      product: view(other, request),
      score: 0.94 - index * 0.04,
      reason: { code, text: text(other), because: view(product, request) },
    }));
  };
  return {
    ...product,
    isWishlisted: () => customerOf(request)?.wished.has(product.id) ?? false,
    availableForSale: product.variants.some((variant) => badgeOf(variant.sku).available > 0),
    totalAvailable: product.variants.reduce((sum, variant) => sum + badgeOf(variant.sku).available, 0),
    variants: product.variants.map((variant) => ({ ...variant, badge: badgeOf(variant.sku) })),
    similar: recommend(others((other) => other.category === product.category), "SIMILAR_ATTRIBUTES", (other) => `Also ${other.material.toLowerCase()}, same ${other.style.toLowerCase()} cut.`),
    boughtTogether: recommend(others((other) => other.vendor === product.vendor), "BOUGHT_TOGETHER", () => `Often in one basket with the ${product.title}.`),
  };
}

function customerView(customer, request) {
  return customer && {
    ...customer,
    wishlist: (args) => connect([...customer.wished].map(([id, addedAt]) => ({ addedAt, product: view(catalog.find((product) => product.id === id), request) })), args),
    recentlyViewed: [],
  };
}

function root(request) {
  const find = ({ id, handle }) => catalog.find((product) => (id ? product.id === id : product.handle === handle));
  const wish = (change) => ({ productId }) => {
    const customer = customerOf(request);
    if (!customer) return { userErrors: [{ message: "sign in to keep a wishlist", code: "NOT_SIGNED_IN" }] };
    change(customer.wished, productId);
    return { product: view(find({ id: productId }), request), customer: customerView(customer, request), userErrors: [] };
  };
  return {
    product: (args) => { need("inventory"); const found = find(args); return found ? view(found, request) : null; },
    products: (args) => { need("inventory"); return connect(catalog.filter((product) => matches(product, args.filter ?? {})).sort(sorts[args.sort]).map((product) => view(product, request)), args); },
    productFacets: ({ filter }) => {
      const count = (name, values) => {
        const counts = new Map();
        for (const product of catalog) if (matches(product, { ...filter, [name]: undefined })) for (const value of new Set(values(product))) counts.set(value, (counts.get(value) ?? 0) + 1);
        return { name, values: [...counts].map(([value, total]) => ({ value, count: total })) };
      };
      return [count("category", (p) => [p.category]), count("size", (p) => p.variants.map((v) => v.size)), count("color", (p) => p.variants.map((v) => v.color)), count("gender", (p) => [p.gender])];
    },
    stockBadges: ({ skus }) => skus.map(badgeOf).filter(Boolean),
    me: () => customerView(customerOf(request), request),
    feed: ({ first }) => {
      need("recommendation");
      return { degraded: !request.sub, items: catalog.filter((_, index) => index % 3 === 1).slice(0, first).map((product, index) => ({ product: view(product, request), score: 0.97 - index * 0.02, reason: index % 2 ? { code: "POPULAR", text: "Popular this week." } : { code: "SIMILAR_ATTRIBUTES", text: `Because you looked at the ${catalog[index].title}.`, because: view(catalog[index], request) } })) };
    },
    reserveStock: ({ input }) => reserve(input),
    releaseReservation: ({ id }) => release(id),
    addToWishlist: wish((wished, id) => wished.set(id, new Date().toISOString())),
    removeFromWishlist: wish((wished, id) => wished.delete(id)),
    setConsent: ({ input }) => {
      const customer = customerOf(request);
      if (!customer) return { userErrors: [{ message: "sign in first", code: "NOT_SIGNED_IN" }] };
      Object.assign(customer.consent, input, { updatedAt: new Date().toISOString() });
      return { customer: customerView(customer, request), userErrors: [] };
    },
    recordBehaviour: ({ events }) => ({ accepted: events.length, duplicates: 0, dropped: 0, rejected: [], userErrors: [] }),
  };
}

function badgeView(badge) {
  const product = catalog.find((candidate) => candidate.variants.some((variant) => variant.sku === badge.sku));
  return { ...badge, variant: { ...product.variants.find((variant) => variant.sku === badge.sku), product } };
}

/** A query with `@live` is answered anew whenever stock moves. */
async function* keepAlive(args) {
  for (let revision = 1; ; revision += 1) {
    yield { ...(await execute(args)), revision };
    await nextBadge();
  }
}

const isLive = ({ document }) => document.definitions.some(({ directives }) => directives?.some(({ name }) => name.value === "live"));

async function* streamBadges(skus) {
  const seen = new Map();
  for (const sku of skus) {
    const badge = badgeOf(sku);
    if (badge) seen.set(sku, badge.revision);
    if (badge) yield { stockBadges: badgeView(badge) };
  }
  for (;;) {
    const badge = await nextBadge();
    if (skus.includes(badge.sku) && badge.revision > (seen.get(badge.sku) ?? 0)) yield { stockBadges: badgeView(badge) };
  }
}

const subOf = (authorization) => authorization?.startsWith("Bearer mock-") ? authorization.slice("Bearer mock-".length) : undefined;
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf", ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json" };

async function serveFile(dist, path, response) {
  const file = extname(path) ? join(dist, normalize(path)) : join(dist, "index.html");
  try {
    const body = await readFile(file);
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "content-security-policy": "default-src 'self'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:" });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/shop/dev-token") return response.end(JSON.stringify({ token: `mock-${url.searchParams.get("sub")}` }));
  if (url.pathname.startsWith("/shop")) return serveFile(join(here, "../dist"), url.pathname.slice("/shop".length), response);
  if (url.pathname !== "/graphql") return serveFile(join(here, "../../playground/dist"), url.pathname, response);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { query, variables } = JSON.parse(Buffer.concat(chunks).toString());
  const context = { sub: subOf(request.headers.authorization) };
  const result = await graphql({ schema, source: query, variableValues: variables, rootValue: root(context) });
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
});
useServer(
  {
    onSubscribe: (_context, _id, { query, variables }) => {
      const document = parse(query);
      const errors = validate(schema, document);
      return errors.length ? errors : { schema, document, variableValues: variables, rootValue: isLive({ document }) ? root({}) : { stockBadges: ({ skus }) => streamBadges(skus) } };
    },
    subscribe,
    execute: (args) => (isLive(args) ? keepAlive(args) : execute(args)),
  },
  new WebSocketServer({ server, path: "/graphql" }),
);
server.listen(port, "127.0.0.1", () => console.log(`mock gateway on http://127.0.0.1:${port}/graphql`));
