// What both sides know. Small, with holes and contradictions at fixed places.

const book = (id, title, price, more = {}) => ({ __typename: 'Book', id, title, price, kind: 'BOOK', ...more });
const toy = (id, title, price, more = {}) => ({ __typename: 'Toy', id, title, price, kind: 'TOY', ...more });

/** The store at the start of every operation. */
export function freshStore() {
  return {
    log: [],
    items: [
      book('b1', 'Aloe', { amount: 1200, currency: 'EUR' }, { author: 'p1', related: ['t1', 'b2'], tags: ['a', 'b', 'c'] }),
      book('b2', 'Birch', null, { author: 'p2', related: ['b1', null], tags: [] }),
      book('b3', 'Cedar', { amount: 800, currency: 'USD' }, { author: null, related: null, tags: null }),
      // Unknown to reviews and stock.
      book('b4', 'Dill "and" \\ more\n', { amount: 0, currency: 'EUR' }, { author: 'p9', related: [], tags: ['é', '😀'] }),
      toy('t1', 'Ant', { amount: 300, currency: 'EUR' }, { related: ['t2'], tags: ['x'] }),
      toy('t2', 'Bat', { amount: 500, currency: 'USD' }, { related: ['t3', 'b4'], tags: null }),
      toy('t3', 'Cat', null, { related: [], tags: ['y', 'z'] }),
    ],
    people: [
      { id: 'p1', name: 'Ada', nick: null, friends: ['p2', 'p3'], boss: 'p2', contact: 'address' },
      { id: 'p2', name: 'Bo', nick: 'B', friends: [], boss: null, contact: 'phone' },
      { id: 'p3', name: 'Cy', nick: '', friends: ['p1'], boss: 'p1', contact: null },
      { id: 'p4', name: 'Di', nick: 'D', friends: null, boss: 'p3', contact: 'address' },
    ],
    reviews: [
      { id: 'r1', of: 'b1', stars: 5, text: 'good', author: 'p1', replies: ['r2', 'n1'] },
      { id: 'r2', of: 'b1', stars: 1, text: null, author: null, replies: null },
      { id: 'r3', of: 't1', stars: null, text: 'no stars', author: 'p3', replies: ['n2', null] },
      { id: 'r4', of: 't2', stars: 3, text: '', author: 'p2', replies: [] },
      { id: 'r5', of: 'b2', stars: 4, text: 'fine', author: 'p9', replies: ['r1'] },
    ],
    notes: { n1: { text: 'thanks', by: 'p2' }, n2: { text: 'oh', by: null } },
    ratings: { b1: 3, b2: 4.5, b3: null, t1: 1e21, t2: -0.25, t3: 2 },
    stock: { b1: [4, 'w1'], b2: [0, 'w2'], b3: null, t1: ['lost', 'w1'], t2: [7, null], t3: [1, 'w2'] },
    warehouses: [
      { code: 'w1', region: { name: 'north' }, keeper: 'p1', items: ['b1', 't2', null] },
      { code: 'w2', region: { name: 'south' }, keeper: null, items: ['t1', 'b3', 'b2'] },
    ],
  };
}
