//! What a subscription to a fed field asks of each key, read from the operation that its subgraph would be sent.

use serde_json::{Map, Value};

use crate::{
    operation::OperationKind,
    parse::{
        Document, Limits,
        ast::{Argument, Field, Selection, SelectionSet, ValueKind, VariableDefinition},
        parse,
    },
    schema::LiveField,
};

/// The response name of the items in the answer to a snapshot.
pub(super) const ITEMS: &str = "selvedgeItems";
/// The response name of an item's key.
pub(super) const KEY: &str = "selvedgeKey";
/// The response name of an item's revision.
pub(super) const REVISION: &str = "selvedgeRevision";
/// The variable that holds the keys.
pub(super) const KEYS: &str = "selvedgeKeys";

/// A field of the payload that an event's data can fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaf {
    /// The type's name.
    Typename,
    /// A field of the data.
    Data(String),
}

/// What a subscription asks of each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// The response name of the root field.
    pub(super) root: String,
    /// Response name → where it is in an event; `None` when events do not carry all that is selected.
    pub(super) leaves: Option<Vec<(String, Leaf)>>,
    /// The query that answers what is true now.
    pub(super) snapshot: String,
    /// The variables that it uses beside the keys.
    pub(super) variables: Vec<String>,
}

/// The keys that a client listens to, and the client's variable that holds them and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys {
    /// As JSON.
    pub(super) values: Vec<Value>,
    /// A variable that is used as the key argument alone.
    pub(super) variable: Option<String>,
}

impl Shape {
    /// Reads the operation for the subgraph; `None` when it is not of a form that can be fed.
    pub(super) fn read(operation: &str, live: &LiveField) -> Option<Self> {
        let document = parse_own(operation)?;
        let (field, definitions) = root_of(&document)?;
        let set = field.selection_set.as_ref()?;
        let selection = braces(operation, set.at as usize)?;
        let others: Vec<&Argument<'_>> =
            field.arguments.iter().filter(|argument| argument.name.text != live.key).collect();
        let mut variables = Vec::new();
        others.iter().for_each(|argument| variables_of(&argument.value.kind, &mut variables));
        variables_in(set, &mut variables);
        let declared = definitions.iter().filter(|it| variables.iter().any(|name| name == it.name.text));
        let declared: String =
            declared.map(|it| format!(",${}:{}{}", it.name.text, it.type_node, default(it))).collect();
        let others: String = others.iter().map(|it| format!(",{}:{}", it.name.text, it.value)).collect();
        let revision = live.revision.as_ref().map(|name| format!("{REVISION}:{name} ")).unwrap_or_default();
        let snapshot = format!(
            "query(${KEYS}:{}{declared}){{{ITEMS}:{}({}:${KEYS}{others}){{{KEY}:{} {revision}{}",
            live.snapshot.key_type,
            live.snapshot.field,
            live.key,
            live.field,
            selection.get(1..)?,
        );
        Some(Self {
            root: field.response_key().to_owned(),
            leaves: leaves(set, live),
            snapshot: format!("{snapshot}}}"),
            variables,
        })
    }
}

impl Keys {
    /// The keys of the operation for the subgraph with the values of the client's variables.
    pub(super) fn read(operation: &str, live: &LiveField, variables: &Map<String, Value>) -> Option<Self> {
        let document = parse_own(operation)?;
        let (field, _) = root_of(&document)?;
        let argument = field.arguments.iter().find(|argument| argument.name.text == live.key)?;
        let value = json(&argument.value.kind, variables)?;
        let values = match value {
            Value::Array(items) => items,
            one => vec![one],
        };
        let is_key = |value: &Value| value.is_string() || value.is_number();
        if !values.iter().all(is_key) {
            return None;
        }
        let variable = match &argument.value.kind {
            ValueKind::Variable(name) => {
                let others = field.arguments.iter().filter(|other| other.name.text != live.key);
                let mut used = Vec::new();
                others.for_each(|argument| variables_of(&argument.value.kind, &mut used));
                field.selection_set.iter().for_each(|set| variables_in(set, &mut used));
                (!used.iter().any(|used| used == name.text)).then(|| name.text.to_owned())
            }
            _ => None,
        };
        Some(Self { values, variable })
    }
}

fn parse_own(operation: &str) -> Option<Document<'_>> {
    parse(operation, &Limits { max_tokens: usize::MAX, ..Limits::default() }).ok()
}

/// The one root field, and the variables; fragments and conditions make it another form.
fn root_of<'d, 'a>(document: &'d Document<'a>) -> Option<(&'d Field<'a>, &'d [VariableDefinition<'a>])> {
    let operation = document.operations().find(|operation| operation.kind == OperationKind::Subscription)?;
    match &operation.selection_set.items[..] {
        [Selection::Field(field)] if field.directives.is_empty() && document.fragments().next().is_none() => {
            Some((field, &operation.variables))
        }
        _ => None,
    }
}

fn default(definition: &VariableDefinition<'_>) -> String {
    definition.default.as_ref().map(|value| format!("={value}")).unwrap_or_default()
}

/// Where an event fills what is selected; `None` when it does not fill everything.
fn leaves(set: &SelectionSet<'_>, live: &LiveField) -> Option<Vec<(String, Leaf)>> {
    let mut all = Vec::with_capacity(set.items.len());
    for item in &set.items {
        let Selection::Field(field) = item else { return None };
        if field.selection_set.is_some() || !field.arguments.is_empty() || !field.directives.is_empty() {
            return None;
        }
        let leaf = match field.name.text {
            "__typename" => Leaf::Typename,
            name if live.carries.iter().any(|carried| carried == name) => Leaf::Data(name.to_owned()),
            _ => return None,
        };
        all.push((field.response_key().to_owned(), leaf));
    }
    Some(all)
}

fn variables_of(value: &ValueKind<'_>, found: &mut Vec<String>) {
    match value {
        ValueKind::Variable(name) if !found.iter().any(|known| known == name.text) => {
            found.push(name.text.to_owned());
        }
        ValueKind::List(items) => items.iter().for_each(|item| variables_of(&item.kind, found)),
        ValueKind::Object(fields) => fields.iter().for_each(|field| variables_of(&field.value.kind, found)),
        _ => {}
    }
}

fn variables_in(set: &SelectionSet<'_>, found: &mut Vec<String>) {
    for item in &set.items {
        for directive in item.directives() {
            directive.arguments.iter().for_each(|argument| variables_of(&argument.value.kind, found));
        }
        match item {
            Selection::Field(field) => {
                field.arguments.iter().for_each(|argument| variables_of(&argument.value.kind, found));
                field.selection_set.iter().for_each(|set| variables_in(set, found));
            }
            Selection::Inline(fragment) => variables_in(&fragment.selection_set, found),
            Selection::Spread(_) => {}
        }
    }
}

/// A literal with the values of variables.
fn json(value: &ValueKind<'_>, variables: &Map<String, Value>) -> Option<Value> {
    Some(match value {
        ValueKind::Variable(name) => variables.get(name.text)?.clone(),
        ValueKind::Int(text) | ValueKind::Float(text) => serde_json::from_str(text).ok()?,
        ValueKind::String { text, .. } => Value::String(text.clone().into_owned()),
        ValueKind::Enum(text) => Value::String((*text).to_owned()),
        ValueKind::Boolean(truth) => Value::Bool(*truth),
        ValueKind::Null => Value::Null,
        ValueKind::List(items) => {
            Value::Array(items.iter().map(|item| json(&item.kind, variables)).collect::<Option<_>>()?)
        }
        ValueKind::Object(_) => return None,
    })
}

/// The text from the brace at `start` to the one that closes it.
fn braces(text: &str, start: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let (mut depth, mut at, mut in_string) = (0_usize, start, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return text.get(start..=at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Snapshot, TypeRef};

    fn live() -> LiveField {
        let key_type = TypeRef::NonNull(Box::new(TypeRef::List(Box::new(TypeRef::Named("String".to_owned())))));
        LiveField {
            name: "badges".to_owned(),
            event: "changed".to_owned(),
            key: "skus".to_owned(),
            field: "sku".to_owned(),
            revision: Some("revision".to_owned()),
            carries: vec!["sku".to_owned(), "state".to_owned()],
            snapshot: Snapshot { field: "badgesNow".to_owned(), key_type },
            is_public: true,
            payload: "Badge".to_owned(),
        }
    }

    #[test]
    fn makes_the_query_of_the_same_selection() {
        let operation = r#"subscription($skus:[String!]!,$c:String="x"){b:badges(skus:$skus,channel:$c){sku s:state}}"#;
        let shape = Shape::read(operation, &live()).unwrap();
        assert_eq!(
            shape.snapshot,
            r#"query($selvedgeKeys:[String]!,$c:String="x"){selvedgeItems:badgesNow(skus:$selvedgeKeys,channel:$c){selvedgeKey:sku selvedgeRevision:revision sku s:state}}"#
        );
        assert_eq!((shape.root.as_str(), &shape.variables[..]), ("b", &["c".to_owned()][..]));
        let leaf = |name: &str, of: &str| (name.to_owned(), Leaf::Data(of.to_owned()));
        assert_eq!(shape.leaves, Some(vec![leaf("sku", "sku"), leaf("s", "state")]));
        let variables = json!({"skus": ["A", "B"]});
        let keys = Keys::read(operation, &live(), variables.as_object().unwrap()).unwrap();
        assert_eq!((keys.values.len(), keys.variable.as_deref()), (2, Some("skus")));
    }

    #[test]
    fn what_events_do_not_carry_is_asked_for() {
        for selection in ["{sku variant{id}}", "{sku other}", "{sku ... on Badge{state}}"] {
            let operation = format!(r#"subscription{{badges(skus:["A","}}"]){selection}}}"#);
            let shape = Shape::read(&operation, &live()).unwrap();
            assert_eq!(shape.leaves, None, "{selection}");
            assert!(shape.snapshot.ends_with(&format!("{}}}", &selection[1..])), "{}", shape.snapshot);
            let keys = Keys::read(&operation, &live(), &Map::new()).unwrap();
            assert_eq!((keys.values, keys.variable), (vec![json!("A"), json!("}")], None));
        }
    }

    #[test]
    fn a_variable_that_is_used_elsewhere_is_not_the_keys_alone() {
        let operation = "subscription($s:[String!]!){badges(skus:$s){sku similar(to:$s){sku}}}";
        let variables = json!({"s": ["A"]});
        let keys = Keys::read(operation, &live(), variables.as_object().unwrap()).unwrap();
        assert_eq!(keys.variable, None);
    }
}
