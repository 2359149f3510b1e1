// Operations with @defer over the oracle's subgraphs. None has an alias or two arguments for one field, so that what the
// gateway answers without @defer can be served again by graphql-js.

const REVIEWS = 'fragment Reviews on Rated { __typename rating reviews { __typename id text stars } }';

/** None selects what is null where it must not be: that ends at the fragment, but not without `@defer`. */
export const OPERATIONS = [
  {
    name: 'one fragment of another subgraph',
    text: '{ me { __typename id name ... @defer(label: "later") { email boss { __typename id name } } } }',
  },
  {
    name: 'entities of a list',
    text: `{ products(first: 3) { __typename id title ...Reviews @defer(label: "reviews") } } ${REVIEWS}`,
  },
  {
    name: 'a fragment in a fragment',
    text: `{ book(id: "b1") { __typename id ... @defer(label: "outer") { title author { __typename id ... @defer(label: "inner") { name friends { __typename id name } } } } } }`,
  },
  {
    name: 'what is selected twice',
    text: `{ book(id: "b1") { __typename id author { __typename id name } ... @defer(label: "a") { title author { __typename id nick } } ... @defer(label: "b") { title pages author { __typename id nick address { __typename city } } } } }`,
  },
  {
    name: 'at the root, on several types',
    text: `{ me { __typename id } ... @defer(label: "root") { __typename search(text: "a") { __typename ... on Book { id title ... @defer(label: "of books") { rating } } ... on Person { id name } } } }`,
  },
  {
    name: 'switched on and off',
    text: 'query($on: Boolean = true, $off: Boolean = false) { me { __typename id ... @defer(if: $on, label: "on") { name } ... @defer(if: $off, label: "off") { nick } } }',
  },
  {
    name: 'in a mutation',
    text: 'mutation { rename(id: "p1", name: "Ada") { __typename id name ... @defer(label: "boss") { boss { __typename id name } } } }',
  },
];
