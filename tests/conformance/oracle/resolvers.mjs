// The behaviour of every field, the same on both sides. `context.store` holds the data; in a subgraph an entity is only
// what its representation says, which `context.isSubgraph` tells where it matters.

const reference = (type, id) => (id == null ? null : { __typename: type, id });
const typeOfId = (id) => ({ b: 'Book', t: 'Toy', p: 'Person', r: 'Review' })[id?.[0]];
const byId = (id) => reference(typeOfId(id), id);
const item = ({ store }, id) => store.items.find((known) => known.id === id);
const person = ({ store }, id) => store.people.find((known) => known.id === id);
const review = ({ store }, id) => store.reviews.find((known) => known.id === id);
const known = (context, id) => (item(context, id) ? byId(id) : null);
const slice = (list, first) => (first == null ? list : list.slice(0, Math.max(0, first)));

function refuse(message) {
  throw new Error(message);
}

const isReviewed = ({ store }, id) => id in store.ratings;

const sold = {
  title: ({ id }, _, context) => item(context, id).title,
  price: ({ id }, _, context) => item(context, id).price,
  kind: ({ id }, _, context) => item(context, id).kind,
  tags: ({ id }, { limit }, context) => {
    const { tags } = item(context, id);
    return tags && slice(tags, limit);
  },
  related: ({ id }, _, context) => item(context, id).related?.map(byId) ?? null,
  rating: ({ id }, _, { store }) => store.ratings[id] ?? null,
  reviews: ({ id }, { first }, context) =>
    isReviewed(context, id) ? slice(context.store.reviews.filter((it) => it.of === id), first).map((it) => byId(it.id)) : null,
  stock: ({ id }, _, { store }) => (store.stock[id] ? { of: id } : null),
  shipping: (sold, { express }, context) => {
    if (!(sold.id in context.store.stock)) return null;
    const price = context.isSubgraph ? sold.price : item(context, sold.id).price;
    return price ? Math.floor(price.amount / 10) + (price.currency === 'USD' ? 7 : 0) + (express ? 100 : 0) : null;
  },
};

const log = (name) => (_, { text }, { store }) => {
  store.log.push(`${name}: ${text}`);
  return { position: store.log.length, text };
};

const Query = {
  product: (_, { id }, context) => known(context, id),
  products: (_, { first, filter, ids }, context) => {
    const fits = (it, filter) =>
      !filter ||
      ((filter.kind == null || it.kind === filter.kind) &&
        (it.price?.amount ?? 0) >= (filter.minPrice ?? 0) &&
        (filter.titles == null || filter.titles.includes(it.title)) &&
        (filter.not == null || !fits(it, filter.not)));
    const chosen = context.store.items.filter((it) => fits(it, filter) && (ids == null || ids.includes(it.id)));
    return slice(chosen, first).map((it) => byId(it.id));
  },
  maybeProducts: () => ['b1', null, 't2', 'b2', null].map(byId),
  book: (_, { id }, context) => (id?.startsWith('b') ? known(context, id) : null),
  toys: () => ['t1', 't2', 't3'].map(byId),
  node: (_, { id }, context) => (person(context, id) ? byId(id) : known(context, id)),
  nodes: () => ['b1', 'p1', null, 't2', 'p2', 'b4'].map(byId),
  search: (_, { text, kinds }, context) => {
    const has = (name) => name.toLowerCase().includes((text ?? '').toLowerCase());
    const items = context.store.items.filter((it) => has(it.title) && (kinds ?? ['BOOK', 'TOY']).includes(it.kind));
    const people = context.store.people.filter((it) => has(it.name));
    return [...items, ...people, { id: null }].map((it) => byId(it.id));
  },
  grid: () => [[{ row: 0, column: 0 }, null, { row: 0, column: 2 }], [{ row: 1, column: 0 }, { row: 1, column: 1 }]],
  strictGrid: () => [[{ row: 0, column: 0 }], null, [{ row: 2, column: 0 }, { row: 2, column: 1 }]],
  broken: () => refuse('broken'),
  maybeBroken: () => refuse('maybe "broken" \\ 😀\n'),
  echo: (_, args) => ({ args }),
  reviews: (_, { stars }, { store }) =>
    store.reviews.filter((it) => stars == null || stars.includes(it.stars)).map((it) => byId(it.id)),
  latestReview: (_, __, { store }) => byId(store.reviews.at(-1).id),
  topRated: (_, { first }) => slice(['b2', 'b1', 't3', 't2'], first).map(byId),
  person: (_, { id }, context) => (person(context, id) ? byId(id) : null),
  people: (_, { first, sort }, { store }) => {
    const key = { NAME: 'name', ID: 'id' }[sort?.by ?? 'ID'];
    const sorted = [...store.people].sort((a, b) => (a[key] < b[key] ? -1 : 1) * (sort?.descending ? -1 : 1));
    return [...slice(sorted, first).map((it) => byId(it.id)), null];
  },
  me: () => byId('p1'),
  warehouses: (_, __, { store }) => store.warehouses.map(({ code, region }) => ({ __typename: 'Warehouse', code, region })),
};

const Mutation = {
  catalogLog: log('catalog'),
  reviewsLog: log('reviews'),
  peopleLog: log('people'),
  retitle: (_, { id, title }, context) => {
    const it = item(context, id);
    if (it) it.title = title;
    return known(context, id);
  },
  failNullable: (_, { message }) => refuse(message ?? 'null'),
  failStrict: (_, { message }) => refuse(message ?? 'null'),
  review: (_, { of, stars, text }, context) => {
    if (!isReviewed(context, of)) return null;
    const id = `r${context.store.reviews.length + 1}`;
    context.store.reviews.push({ id, of, stars, text: text ?? null, author: 'p1', replies: [] });
    return byId(id);
  },
  rename: (_, { id, name }, context) => {
    const it = person(context, id) ?? refuse(`nobody is ${id}`);
    it.name = name;
    return byId(id);
  },
};

const contact = (kind, of) => (kind ? { __typename: kind === 'phone' ? 'Phone' : 'Address', of } : null);

export const resolvers = {
  Query,
  Mutation,
  Book: {
    ...sold,
    pages: ({ id }) => (id === 'b2' ? refuse(`the pages of ${id} are lost`) : id.charCodeAt(1)),
    isbn: ({ id }) => `isbn-${id}`,
    author: ({ id }, _, context) => reference('Person', item(context, id).author),
    chapters: ({ id }, { from }) => [0, 1, 2].slice(from).map((number) => ({ number, book: id })),
  },
  Toy: {
    ...sold,
    ageFrom: ({ id }) => (id === 't2' ? refuse(`nobody knows who may play with ${id}`) : 3),
    parts: ({ id }) => [{ name: `${id}-1`, depth: 2 }, null, { name: `${id}-2`, depth: 0 }],
  },
  Chapter: {
    title: ({ number, book }) => (number === 1 ? refuse(`chapter ${number} of ${book} is torn`) : `${book}.${number}`),
    book: ({ book }) => byId(book),
  },
  Part: {
    parts: ({ name, depth }) => (depth > 0 ? [{ name: `${name}.0`, depth: depth - 1 }] : null),
    weight: ({ depth }) => [0.1, 1e-7, 12345678.5][depth],
  },
  Cell: {
    value: ({ row, column }) => (row + column === 1 ? refuse(`no value at ${row}, ${column}`) : row * 10 + column || null),
    strict: ({ row, column }) => (row === 2 && column === 1 ? null : row * 10 + column),
  },
  LogEntry: {},
  Echo: {
    arguments: ({ args }) => args,
    again: (_, args) => ({ args }),
  },
  Review: {
    text: ({ id }, _, context) => review(context, id).text,
    stars: ({ id }, _, context) => review(context, id).stars,
    author: ({ id }, _, context) => reference('Person', review(context, id).author),
    strictAuthor: ({ id }, _, context) => reference('Person', review(context, id).author),
    of: ({ id }, _, context) => byId(review(context, id).of),
    replies: ({ id }, _, context) =>
      review(context, id).replies?.map((reply) => (reply?.startsWith('n') ? { __typename: 'Note', note: reply } : byId(reply))) ??
      null,
  },
  Note: {
    text: ({ note }, _, { store }) => store.notes[note].text,
    by: ({ note }, _, { store }) => reference('Person', store.notes[note].by),
  },
  Person: {
    name: ({ id }, _, context) => person(context, id)?.name,
    nick: ({ id }, _, context) => person(context, id)?.nick,
    email: ({ id }, { domain }, context) => {
      const it = person(context, id);
      if (id === 'p2') refuse('no mail for Bo');
      return it && `${it.name.toLowerCase()}@${domain}`;
    },
    friends: ({ id }, { first }, context) => {
      const friends = person(context, id)?.friends;
      return friends ? slice(friends, first).map(byId) : null;
    },
    boss: ({ id }, _, context) => byId(person(context, id)?.boss),
    address: ({ id }, _, context) => (person(context, id) && id !== 'p2' ? contact('address', id) : null),
    contact: ({ id }, _, context) => contact(person(context, id)?.contact, id),
    reviews: ({ id }, _, { store }) => store.reviews.filter((it) => it.author === id).map((it) => byId(it.id)),
    favourite: ({ id }) => byId({ p1: 'b1', p2: 't2', p3: 'b4' }[id]),
    keeps: ({ id }, _, { store }) =>
      store.warehouses.filter((it) => it.keeper === id).map(({ code, region }) => ({ __typename: 'Warehouse', code, region })),
  },
  Address: {
    street: ({ of }) => `${of} street`,
    city: ({ of }) => (of === 'p3' ? refuse(`nobody knows where ${of} lives`) : 'Bonn'),
    people: ({ of }) => [byId(of)],
  },
  Phone: {
    number: ({ of }) => (of.startsWith('w') ? `+1-${of}` : `+49-${of}`),
    home: () => null,
  },
  Stock: {
    available: ({ of }, _, { store }) => {
      const [available] = store.stock[of];
      return available === 'lost' ? refuse(`the stock of ${of} is lost`) : available;
    },
    place: ({ of }, _, { store }) => store.stock[of][1],
  },
  Warehouse: {
    keeper: ({ code }, _, { store }) => reference('Person', store.warehouses.find((it) => it.code === code)?.keeper),
    items: ({ code }, _, { store }) => store.warehouses.find((it) => it.code === code)?.items.map(byId),
    phone: ({ code }) => ({ __typename: 'Phone', of: code }),
  },
};

/** What a subgraph answers for a representation; null for an entity that it does not know. */
export function entityOf(subgraph, representation, context) {
  const { __typename, id } = representation;
  switch (__typename) {
    case 'Book':
    case 'Toy':
      if (subgraph === 'reviews' && !isReviewed(context, id)) return null;
      if (subgraph === 'stock' && !(id in context.store.stock)) return null;
      return item(context, id) ? representation : null;
    case 'Person':
      return subgraph !== 'people' || person(context, id) ? representation : null;
    default:
      return representation;
  }
}
