// Makes values of arguments and variables up: mostly right ones.
import { getNullableType, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';

const name = (value) => ({ kind: 'Name', value });

const IDS = ['b1', 'b2', 'b3', 'b4', 't1', 't2', 't3', 'p1', 'p2', 'p3', 'p4', 'nobody'];
const TEXTS = ['', 'a', 'A', 'Ant', 'a "quoted" \\ one', 'line\nline\t', 'é😀', '\u0000\u0007\u007f', '  indented\n    more\n'];
const FLOATS = ['0.1', '-1.5', '1e21', '123456789.25', '1.0', '-0.0', '6.02e-7', '3'];

/** Makes literals, and variables with their definitions and values. */
export class ValueMaker {
  constructor(random) {
    this.random = random;
    this.definitions = [];
    this.variables = {};
    this.known = [];
  }

  /** A value for a place of `type`; `place` has a default or not. */
  value(type, place = {}) {
    const { random } = this;
    if (random.chance(0.3)) return this.variable(type, place.defaultValue !== undefined);
    return this.literal(type);
  }

  /** Whether something is selected, written out or as a variable. */
  condition() {
    const { random } = this;
    if (random.chance(0.4)) return { kind: 'BooleanValue', value: random.chance(0.5) };
    const condition = this.variable('Boolean!', false);
    // A null here is an error of the operation for us, and of what surrounds the field for graphql-js.
    if (this.variables[condition.name.value] === null) this.variables[condition.name.value] = true;
    return condition;
  }

  variable(type, hasDefault) {
    const { random } = this;
    const wanted = String(type);
    const usable = this.known.filter((it) => it.type === wanted || it.type === `${wanted}!`);
    if (usable.length > 0 && random.chance(0.5)) return { kind: 'Variable', name: name(random.pick(usable).name) };
    const own = { name: `v${this.known.length}`, type: wanted };
    const isNonNull = wanted.endsWith('!');
    // With a default a nullable variable may stand where null may not.
    const relaxed = isNonNull && (hasDefault || random.chance(0.3));
    if (relaxed) own.type = wanted.slice(0, -1);
    else if (!isNonNull && random.chance(0.2)) own.type = `${wanted}!`;
    this.known.push(own);
    const base = typeof type === 'string' ? BOOLEAN : getNullableType(type);
    const defaultValue = (relaxed && !hasDefault) || random.chance(0.3) ? this.constant(base, !relaxed) : undefined;
    this.definitions.push({
      kind: 'VariableDefinition',
      variable: { kind: 'Variable', name: name(own.name) },
      type: { kind: 'NamedType', name: name(own.type) },
      defaultValue: own.type.endsWith('!') && defaultValue?.kind === 'NullValue' ? undefined : defaultValue,
    });
    const mayBeAbsent = defaultValue !== undefined || !own.type.endsWith('!');
    if (!mayBeAbsent || random.chance(0.6)) {
      const isNull = !own.type.endsWith('!') && random.chance(0.15);
      this.variables[own.name] = isNull ? null : this.json(base);
    }
    return { kind: 'Variable', name: name(own.name) };
  }

  /** A literal, with variables inside. */
  literal(type) {
    return this.written(type, (inner, place) => this.value(inner, place));
  }

  /** A literal without variables. */
  constant(type, mayBeNull = true) {
    const made = this.written(type, (inner) => this.constant(inner));
    return !mayBeNull && made.kind === 'NullValue' ? this.constant(type, false) : made;
  }

  written(type, inside) {
    const { random } = this;
    if (isNonNullType(type)) {
      const made = this.written(type.ofType, inside);
      return made.kind === 'NullValue' ? this.written(type, inside) : made;
    }
    if (random.chance(0.08)) return { kind: 'NullValue' };
    if (isListType(type)) {
      // A single value stands for a list of it.
      if (random.chance(0.15)) return this.written(type.ofType, inside);
      return { kind: 'ListValue', values: Array.from({ length: random.below(4) }, () => inside(type.ofType)) };
    }
    if (isEnumType(type)) return { kind: 'EnumValue', value: random.pick(type.getValues()).name };
    if (isInputObjectType(type)) return this.object(type, inside);
    return this.scalar(type.name, inside);
  }

  object(type, inside) {
    const { random } = this;
    const fields = Object.values(type.getFields());
    const isRequired = (field) => isNonNullType(field.type) && field.defaultValue === undefined;
    const chosen = type.isOneOf ? [random.pick(fields)] : fields.filter((field) => isRequired(field) || random.chance(0.25));
    const made = chosen.map((field) => {
      let value = inside(field.type, field);
      while (type.isOneOf && (value.kind === 'NullValue' || value.kind === 'Variable')) value = this.constant(field.type, false);
      return { kind: 'ObjectField', name: name(field.name), value };
    });
    return { kind: 'ObjectValue', fields: random.chance(0.3) ? made.reverse() : made };
  }

  scalar(type, inside) {
    const { random } = this;
    switch (type) {
      case 'Int':
        return { kind: 'IntValue', value: String(random.pick([0, 1, 2, 3, -1, 2147483647, -2147483648])) };
      case 'Float':
        return random.chance(0.3)
          ? { kind: 'IntValue', value: random.pick(['0', '7', '-3', '12345678901']) }
          : { kind: 'FloatValue', value: random.pick(FLOATS.filter((it) => /[.e]/.test(it))) };
      case 'Boolean':
        return { kind: 'BooleanValue', value: random.chance(0.5) };
      case 'ID':
        return random.chance(0.1) ? { kind: 'IntValue', value: '12345678901234567890' } : this.text(IDS);
      case 'String':
        return this.text(TEXTS);
      default:
        return this.anything(inside, 0);
    }
  }

  text(texts) {
    return { kind: 'StringValue', value: this.random.pick(texts), block: this.random.chance(0.15) };
  }

  /** A literal for a custom scalar. */
  anything(inside, depth) {
    const { random } = this;
    const leaf = ['Int', 'Float', 'Boolean', 'String'];
    const kind = random.below(depth > 2 ? 5 : 8);
    if (kind < 4) return this.scalar(leaf[kind], inside);
    if (kind === 4) return { kind: 'NullValue' };
    if (kind === 5) return { kind: 'EnumValue', value: 'SOME_NAME' };
    const length = random.below(3);
    if (kind === 6) return { kind: 'ListValue', values: Array.from({ length }, () => this.anything(inside, depth + 1)) };
    const fields = ['b', 'a', 'c'].slice(0, length + 1);
    return {
      kind: 'ObjectValue',
      fields: fields.map((it) => ({ kind: 'ObjectField', name: name(it), value: this.anything(inside, depth + 1) })),
    };
  }

  /** The JSON of a variable. */
  json(type) {
    const { random } = this;
    if (isNonNullType(type)) return this.json(type.ofType) ?? this.json(type);
    if (random.chance(0.08)) return null;
    if (isListType(type)) {
      return random.chance(0.15) ? this.json(type.ofType) : Array.from({ length: random.below(4) }, () => this.json(type.ofType));
    }
    if (isEnumType(type)) return random.pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields());
      const isRequired = (field) => isNonNullType(field.type) && field.defaultValue === undefined;
      const chosen = type.isOneOf ? [random.pick(fields)] : fields.filter((field) => isRequired(field) || random.chance(0.25));
      return Object.fromEntries(chosen.map((field) => [field.name, this.json(field.type)]));
    }
    switch (type.name) {
      case 'Int':
        return random.pick([0, 1, 2, 3, -1, 2147483647, -2147483648, 1e3]);
      case 'Float':
        return Number(random.pick(FLOATS));
      case 'Boolean':
        return random.chance(0.5);
      case 'ID':
        return random.chance(0.1) ? 12345 : random.pick(IDS);
      case 'String':
        return random.pick(TEXTS);
      default:
        return random.pick([null, 1, 1.5, 'text', true, [], [1, [null]], {}, { b: 1, a: { c: [] } }]);
    }
  }
}

const BOOLEAN = { name: 'Boolean', toString: () => 'Boolean' };
