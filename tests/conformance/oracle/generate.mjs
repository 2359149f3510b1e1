// Makes operations up. Most are valid; those that are not are used as well.
import { OverlappingFieldsCanBeMergedRule, parse, print, validate } from 'graphql';
import { getNamedType, isAbstractType, isCompositeType, isLeafType, isObjectType, isRequiredArgument, isUnionType } from 'graphql';
import { ValueMaker } from './values.mjs';

const MAX_DEPTH = 6;

const name = (value) => ({ kind: 'Name', value });
const namedType = (value) => ({ kind: 'NamedType', name: name(value) });

/** How often an operation whose fields conflict is thrown away; such are refused, which is soon seen. */
const TRIES = 6;

/** One operation: `{ query, variables, operationName }`. */
export function generate(random, schema) {
  let operation;
  for (let tries = 0; tries < TRIES; tries += 1) {
    operation = new Generator(random, schema).operation();
    if (validate(schema, parse(operation.query), [OverlappingFieldsCanBeMergedRule]).length === 0) break;
  }
  return operation;
}

class Generator {
  constructor(random, schema) {
    this.random = random;
    this.schema = schema;
    this.fragments = [];
    this.values = new ValueMaker(random);
    /** The arguments that were given to fields, by their coordinate. */
    this.given = new Map();
    /** How many more fields may be selected. */
    this.budget = 8 + random.below(50);
  }

  operation() {
    const { random, schema } = this;
    const operation = random.chance(0.15) ? 'mutation' : 'query';
    const root = operation === 'mutation' ? schema.getMutationType() : schema.getQueryType();
    const selectionSet = this.selectionSet(root, 0);
    const isNamed = random.chance(0.5);
    const definition = {
      kind: 'OperationDefinition',
      operation,
      name: isNamed ? name('Made') : undefined,
      variableDefinitions: this.values.definitions,
      directives: [],
      selectionSet,
    };
    const definitions = [definition, ...this.fragments.map((it) => it.definition)];
    if (isNamed && random.chance(0.2)) {
      const other = { kind: 'Field', name: name('__typename') };
      definitions.push({
        kind: 'OperationDefinition',
        operation: 'query',
        name: name('Other'),
        selectionSet: { kind: 'SelectionSet', selections: [other] },
      });
    }
    if (random.chance(0.3)) definitions.reverse();
    const query = print({ kind: 'Document', definitions });
    const operationName = definitions.length > 1 && isNamed ? 'Made' : undefined;
    return { query, variables: this.values.variables, operationName };
  }

  selectionSet(type, depth) {
    const { random } = this;
    const selections = [];
    const count = 1 + random.below(depth === 0 ? 4 : 5);
    for (let i = 0; i < count && (this.budget > 0 || i === 0); i += 1) {
      const kind = random.next();
      if (kind < 0.12 && depth < MAX_DEPTH) selections.push(this.inlineFragment(type, depth));
      else if (kind < 0.24 && depth < MAX_DEPTH) selections.push(this.fragmentSpread(type, depth));
      else selections.push(this.field(type, depth));
      // What is selected twice must be merged.
      if (random.chance(0.06)) selections.push(random.pick(selections));
    }
    if (isUnionType(type) && random.chance(0.8)) selections.push(this.inlineFragment(type, depth));
    return { kind: 'SelectionSet', selections };
  }

  field(type, depth) {
    const { random } = this;
    this.budget -= 1;
    const typename = () => ({ kind: 'Field', name: name('__typename'), alias: this.alias(), directives: this.conditions() });
    if (isUnionType(type) || random.chance(0.06)) return typename();
    const isRoot = type === this.schema.getQueryType();
    if (isRoot && random.chance(0.03)) return this.introspection();
    const fields = Object.values(type.getFields());
    const usable = fields.filter((it) => isLeafType(getNamedType(it.type)) || depth < MAX_DEPTH);
    if (usable.length === 0) return typename();
    const field = random.pick(usable);
    const below = getNamedType(field.type);
    const { args, isAgain } = this.arguments(field);
    return {
      kind: 'Field',
      name: name(field.name),
      alias: this.alias(field.name, isAgain),
      arguments: args,
      directives: this.conditions(),
      selectionSet: isCompositeType(below) ? this.selectionSet(below, depth + 1) : undefined,
    };
  }

  /** Few names, so that fields meet under one; seldom such that different ones do. */
  alias(field, isAgain = true) {
    const { random } = this;
    if (!isAgain) {
      this.aliases = (this.aliases ?? 0) + 1;
      return name(`${field}${this.aliases}`);
    }
    if (random.chance(0.03)) return name(random.pick(['x', 'id', 'title', 'name', 'typename']));
    return random.chance(0.12) ? name(`${random.pick(['x', 'y'])}_${field ?? 'typename'}`) : undefined;
  }

  /** Arguments, mostly those that were given to the field before, so that the two can be merged. */
  arguments({ name: fieldName, args }) {
    const { random } = this;
    // Fields of one name may have different arguments.
    const known = this.given.get(fieldName)?.filter((given) => args.some((it) => it.name === given.name.value));
    if (known && random.chance(0.75)) return { args: random.chance(0.2) ? [...known].reverse() : known, isAgain: true };
    const made = [];
    for (const definition of args) {
      if (!isRequiredArgument(definition) && !random.chance(0.35)) continue;
      // Since September 2025 it cannot be null.
      const isStrict = definition.name === 'includeDeprecated';
      const value = isStrict ? this.values.condition() : this.values.value(definition.type, definition);
      made.push({ kind: 'Argument', name: name(definition.name), value });
    }
    if (!known) this.given.set(fieldName, made);
    return { args: made, isAgain: !known || args.length === 0 };
  }

  conditions() {
    const { random } = this;
    const made = ['skip', 'include'].filter(() => random.chance(0.06)).map((directive) => ({
      kind: 'Directive',
      name: name(directive),
      arguments: [{ kind: 'Argument', name: name('if'), value: this.values.condition() }],
    }));
    return random.chance(0.5) ? made.reverse() : made;
  }

  /** A type that some object of `type` can be. */
  narrower(type) {
    const { random, schema } = this;
    if (random.chance(0.15)) return type;
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
    const object = random.pick(possible);
    const around = Object.values(schema.getTypeMap()).filter((it) => isAbstractType(it) && schema.isSubType(it, object));
    return random.chance(0.3) && around.length > 0 ? random.pick(around) : object;
  }

  inlineFragment(type, depth) {
    const on = this.random.chance(0.1) ? undefined : this.narrower(type);
    return {
      kind: 'InlineFragment',
      typeCondition: on && namedType(on.name),
      directives: this.conditions(),
      selectionSet: this.selectionSet(on ?? type, depth + 1),
    };
  }

  fragmentSpread(type, depth) {
    const { random, schema } = this;
    const fits = (on) => on === type || (isObjectType(on) && isAbstractType(type) && schema.isSubType(type, on)) ||
      (isAbstractType(on) && isObjectType(type) && schema.isSubType(on, type));
    const known = this.fragments.filter((it) => it.isDone && fits(it.on));
    let fragment = random.pick(known);
    if (!fragment || random.chance(0.5)) {
      const on = this.narrower(type);
      fragment = { on, isDone: false, name: `F${this.fragments.length}` };
      this.fragments.push(fragment);
      fragment.definition = {
        kind: 'FragmentDefinition',
        name: name(fragment.name),
        typeCondition: namedType(on.name),
        directives: [],
        selectionSet: this.selectionSet(on, depth + 1),
      };
      fragment.isDone = true;
    }
    return { kind: 'FragmentSpread', name: name(fragment.name), directives: this.conditions() };
  }

  introspection() {
    const { random, schema } = this;
    // Introspection types are of another edition in graphql-js 16.
    const asked = random.pick(Object.keys(schema.getTypeMap()).filter((it) => !it.startsWith('__')));
    const type = schema.getType('__Type');
    const selectionSet = this.selectionSet(type, MAX_DEPTH - 3);
    return {
      kind: 'Field',
      name: name('__type'),
      alias: this.alias(),
      arguments: [{ kind: 'Argument', name: name('name'), value: { kind: 'StringValue', value: asked } }],
      directives: this.conditions(),
      selectionSet,
    };
  }
}
