// What graphql-js answers over one schema that holds everything.
import { GraphQLError, buildASTSchema, execute, graphql, parse, printSchema } from 'graphql';
import { toldError } from './compare.mjs';
import { freshStore } from './data.mjs';
import { monolithSchema, resolveField } from './schema.mjs';

/** What graphql-js 16 finds out while it executes, and we before; see `compare.mjs`. */
const REFUSED = /^(Schema is not configured to execute|Argument "if" of non-null type)/;

export class Oracle {
  constructor() {
    this.schema = monolithSchema();
    this.nullable = nullableSchema(this.schema);
  }

  /** The right answer. */
  async answer({ query, variables, operationName }) {
    const contextValue = { store: freshStore() };
    const { schema } = this;
    const options = { schema, source: query, variableValues: variables, operationName, contextValue, fieldResolver: resolveField };
    const answer = plain(await graphql(options));
    if (answer.errors?.some(({ message }) => REFUSED.test(message))) delete answer.data;
    return answer;
  }

  /** Tells which errors can happen at all, also those that an error beside them keeps from being found. */
  possible({ query, variables, operationName }) {
    let errors;
    return ({ path, message }) => {
      errors ??= this.all({ document: parse(query), variableValues: variables, operationName });
      // That a value is null where it must not be follows from how the schema is, not from what happened.
      return message.startsWith('Cannot return null for non-nullable field') || errors.has(toldError({ path, message }));
    };
  }

  all(request) {
    const contextValue = { store: freshStore() };
    const { errors = [] } = execute({ schema: this.nullable, contextValue, fieldResolver: resolveField, ...request });
    return new Set(errors.map(toldError));
  }
}

/** As it is sent. */
function plain({ data, errors }) {
  const told = errors?.map((error) => (error instanceof GraphQLError ? error.toJSON() : error));
  return JSON.parse(JSON.stringify({ data, errors: told }));
}

/** The same schema, where every field may be null, so that every error stays where it happens. */
function nullableSchema(schema) {
  const document = parse(printSchema(schema));
  const nullable = (type) => {
    const inner = type.kind === 'NonNullType' ? type.type : type;
    return inner.kind === 'ListType' ? { ...inner, type: nullable(inner.type) } : inner;
  };
  const definitions = document.definitions.map((definition) =>
    definition.kind === 'ObjectTypeDefinition' || definition.kind === 'InterfaceTypeDefinition'
      ? { ...definition, fields: definition.fields.map((field) => ({ ...field, type: nullable(field.type) })) }
      : definition,
  );
  return buildASTSchema({ kind: 'Document', definitions });
}
