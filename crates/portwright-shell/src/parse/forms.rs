//! Modules and scripts: attributes, macros, functions.

use std::collections::HashMap;

use portwright_term::{Atom, Term};

use super::SyntaxError;
use super::ast::*;
use super::expression::{Parsed, Parser};
use super::token::{Token, TokenKind, next_sequence};

/// Tokens that one macro may grow to; a macro cannot contain itself, but a
/// chain of them doubles at each link.
const MAX_EXPANSION: usize = 1_000_000;

struct Macro {
    parameters: Option<Vec<Atom>>,
    body: Vec<Token>,
}

struct Preprocessor<'a> {
    macros: HashMap<Atom, Macro>,
    file: &'a str,
    module: Atom,
    /// The function that the form at hand defines, with its number of arguments.
    function: Option<(Atom, usize)>,
    /// One entry per open `-ifdef`: whether its text counts.
    conditions: Vec<bool>,
}

pub(super) fn parse(text: &str, file: &str, module: Atom) -> Result<Vec<Form>, Vec<SyntaxError>> {
    let mut scanner = super::scanner(text);
    let mut preprocessor = Preprocessor {
        macros: HashMap::new(),
        file,
        module,
        function: None,
        conditions: Vec::new(),
    };
    let mut forms = Vec::new();
    let mut errors = Vec::new();
    loop {
        let sequence = match next_sequence(&mut scanner) {
            Ok(Some(sequence)) => sequence,
            Ok(None) => break,
            Err(error) => {
                errors.push(error);
                // The scanner may stand anywhere: what follows would be noise.
                break;
            }
        };
        match preprocessor.form(sequence.tokens, sequence.end) {
            Ok(Some(form)) => forms.push(form),
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(forms)
    } else {
        Err(errors)
    }
}

fn error<T>(place: Place, text: String) -> Parsed<T> {
    Err(SyntaxError::new(place, text))
}

impl Preprocessor<'_> {
    fn form(&mut self, tokens: Vec<Token>, end: Place) -> Parsed<Option<Form>> {
        let place = tokens.first().map_or(end, |token| token.place);
        let attribute = match (&tokens[0].kind, tokens.get(1).map(|token| &token.kind)) {
            (TokenKind::Symbol("-"), Some(TokenKind::Atom(name))) => Some(name.as_str()),
            (TokenKind::Symbol("-"), Some(TokenKind::Symbol(word))) => Some(*word),
            _ => None,
        };
        match attribute {
            Some("ifdef" | "ifndef") => {
                let name = macro_name(&tokens, 3)?;
                let defined = self.macros.contains_key(&name);
                self.conditions
                    .push(defined == (attribute == Some("ifdef")));
                return Ok(None);
            }
            Some("else") => {
                match self.conditions.last_mut() {
                    Some(condition) => *condition = !*condition,
                    None => return error(place, "badly formed 'else'".to_owned()),
                }
                return Ok(None);
            }
            Some("endif") => {
                if self.conditions.pop().is_none() {
                    return error(place, "badly formed 'endif'".to_owned());
                }
                return Ok(None);
            }
            _ => {}
        }
        if self.conditions.contains(&false) {
            return Ok(None);
        }
        match attribute {
            Some("define") => {
                self.define(tokens)?;
                return Ok(None);
            }
            Some("undef") => {
                let name = macro_name(&tokens, 3)?;
                self.macros.remove(&name);
                return Ok(None);
            }
            _ => {}
        }
        self.function = match &tokens[0].kind {
            TokenKind::Atom(name) => macro_arguments(&tokens, 1, place)
                .ok()
                .map(|(arguments, _)| (*name, arguments.len())),
            _ => None,
        };
        let tokens = self.expand(tokens, &mut Vec::new(), &mut 0)?;
        let mut parser = Parser::new(&tokens, end);
        let Some(attribute) = attribute else {
            return parser
                .function()
                .map(|function| Some(Form::Function(function)));
        };
        parser.advance();
        parser.advance();
        let form = match attribute {
            "module" => {
                parser.expect("(")?;
                let name = parser.atom()?;
                parser.expect(")")?;
                self.module = name;
                Form::Module(name)
            }
            "export" => {
                parser.expect("(")?;
                let list = functions(&mut parser)?;
                parser.expect(")")?;
                Form::Export(list)
            }
            "import" => {
                parser.expect("(")?;
                let module = parser.atom()?;
                let list = if parser.eat(",") {
                    functions(&mut parser)?
                } else {
                    Vec::new()
                };
                parser.expect(")")?;
                Form::Import(module, list)
            }
            "record" => {
                parser.expect("(")?;
                let form = record(&mut parser)?;
                parser.expect(")")?;
                form
            }
            // Nothing here depends on them.
            "mode" | "compile" | "vsn" | "author" | "spec" | "type" | "opaque" | "export_type"
            | "callback" | "optional_callbacks" | "dialyzer" | "behaviour" | "behavior"
            | "deprecated" | "file" | "feature" => return Ok(Some(Form::Ignored)),
            other => {
                return error(
                    place,
                    format!("the attribute -{other} is not supported in scripts here"),
                );
            }
        };
        parser.expect_dot()?;
        Ok(Some(form))
    }

    /// `-define(NAME, Tokens).` or `-define(NAME(A, B), Tokens).`
    fn define(&mut self, tokens: Vec<Token>) -> Parsed<()> {
        let place = tokens[0].place;
        let bad = || SyntaxError::new(place, "badly formed 'define'".to_owned());
        let name = macro_name(&tokens, 3)?;
        let mut position = 4;
        let mut parameters = None;
        let symbol = |position: usize, symbol: &'static str| {
            tokens
                .get(position)
                .is_some_and(|token| token.kind == TokenKind::Symbol(symbol))
        };
        if symbol(position, "(") {
            let mut names = Vec::new();
            position += 1;
            while let Some(TokenKind::Variable(name)) = tokens.get(position).map(|t| &t.kind) {
                names.push(*name);
                position += 1;
                if symbol(position, ",") {
                    position += 1;
                }
            }
            if !symbol(position, ")") {
                return Err(bad());
            }
            position += 1;
            parameters = Some(names);
        }
        // The form ends with `)` and the full stop.
        let end = tokens.len().saturating_sub(2);
        if !symbol(position, ",") || position + 1 > end || !symbol(end, ")") {
            return Err(bad());
        }
        let body = tokens[position + 1..end].to_vec();
        if self.macros.contains_key(&name) {
            return error(
                tokens[3].place,
                format!("redefining macro '{}'", name.as_str()),
            );
        }
        self.macros.insert(name, Macro { parameters, body });
        Ok(())
    }

    /// Replaces `?NAME` by what it stands for.
    fn expand(
        &self,
        tokens: Vec<Token>,
        inside: &mut Vec<Atom>,
        made: &mut usize,
    ) -> Parsed<Vec<Token>> {
        if !tokens
            .iter()
            .any(|token| token.kind == TokenKind::Symbol("?"))
        {
            return Ok(tokens);
        }
        let mut out = Vec::with_capacity(tokens.len());
        let mut position = 0;
        while position < tokens.len() {
            let token = &tokens[position];
            if token.kind != TokenKind::Symbol("?") {
                out.push(token.clone());
                position += 1;
                continue;
            }
            let place = token.place;
            let name = macro_name(&tokens, position + 1)?;
            let name_place = tokens[position + 1].place;
            position += 2;
            if let Some(kind) = self.predefined(name, place) {
                out.push(Token {
                    place: name_place,
                    kind,
                });
                continue;
            }
            let Some(found) = self.macros.get(&name) else {
                return error(name_place, format!("undefined macro '{}'", name.as_str()));
            };
            if inside.contains(&name) {
                return error(name_place, format!("circular macro '{}'", name.as_str()));
            }
            let mut body = Vec::new();
            match &found.parameters {
                None => body.extend(found.body.iter().map(|token| Token {
                    place: name_place,
                    kind: token.kind.clone(),
                })),
                Some(parameters) => {
                    let (arguments, next) = macro_arguments(&tokens, position, place)?;
                    position = next;
                    if arguments.len() != parameters.len() {
                        return error(
                            place,
                            format!("argument mismatch for macro '{}'", name.as_str()),
                        );
                    }
                    substitute(&found.body, parameters, &arguments, name_place, &mut body);
                }
            }
            *made += body.len();
            if *made > MAX_EXPANSION {
                return error(
                    place,
                    format!("macro '{}' grows without end", name.as_str()),
                );
            }
            inside.push(name);
            let expanded = self.expand(body, inside, made)?;
            inside.pop();
            out.extend(expanded);
        }
        Ok(out)
    }

    fn predefined(&self, name: Atom, place: Place) -> Option<TokenKind> {
        Some(match name.as_str() {
            "LINE" => TokenKind::Integer(Term::from(i64::from(place.line))),
            "FILE" => TokenKind::String(self.file.chars().map(u32::from).collect()),
            "MODULE" => TokenKind::Atom(self.module),
            "MODULE_STRING" => {
                TokenKind::String(self.module.as_str().chars().map(u32::from).collect())
            }
            "MACHINE" => TokenKind::Atom(Atom::literal("BEAM")),
            "FUNCTION_NAME" => TokenKind::Atom(self.function?.0),
            "FUNCTION_ARITY" => TokenKind::Integer(Term::from(self.function?.1 as i64)),
            "OTP_RELEASE" => TokenKind::Integer(Term::from(25_i64)),
            _ => return None,
        })
    }
}

/// Appends a macro's body with its arguments in place; `??Name` is the text of an argument.
/// What the body brings stands where the macro is called, its arguments where they are written.
fn substitute(
    body: &[Token],
    parameters: &[Atom],
    arguments: &[Vec<Token>],
    place: Place,
    out: &mut Vec<Token>,
) {
    let argument = |token: &Token| match &token.kind {
        TokenKind::Variable(variable) => parameters
            .iter()
            .position(|name| name == variable)
            .map(|index| &arguments[index]),
        _ => None,
    };
    let is_mark = |token: &Token| token.kind == TokenKind::Symbol("?");
    let mut rest = body;
    while let [token, behind @ ..] = rest {
        rest = behind;
        if let Some(argument) = argument(token) {
            out.extend(argument.iter().cloned());
        } else if is_mark(token)
            && let [second, name, behind @ ..] = behind
            && is_mark(second)
            && let Some(argument) = argument(name)
        {
            rest = behind;
            let words: Vec<String> = argument.iter().map(|token| token.kind.text()).collect();
            out.push(Token {
                place,
                kind: TokenKind::String(words.join(" ").chars().map(u32::from).collect()),
            });
        } else {
            out.push(Token {
                place,
                kind: token.kind.clone(),
            });
        }
    }
}

fn macro_name(tokens: &[Token], position: usize) -> Parsed<Atom> {
    match tokens.get(position).map(|token| &token.kind) {
        Some(TokenKind::Atom(name) | TokenKind::Variable(name)) => Ok(*name),
        found => {
            let place = tokens
                .get(position)
                .or(tokens.last())
                .map_or(Place::default(), |t| t.place);
            let text = found.map_or(String::new(), TokenKind::error_text);
            error(place, format!("syntax error before: {text}"))
        }
    }
}

/// The arguments of a macro call: token lists split at commas outside brackets.
fn macro_arguments(
    tokens: &[Token],
    start: usize,
    place: Place,
) -> Parsed<(Vec<Vec<Token>>, usize)> {
    let mut arguments = vec![Vec::new()];
    let mut depth = 0usize;
    let mut position = start;
    while let Some(token) = tokens.get(position) {
        position += 1;
        if let TokenKind::Symbol(symbol) = token.kind {
            match symbol {
                "(" | "{" | "[" | "<<" | "begin" | "case" | "if" | "receive" | "try" | "fun" => {
                    depth += 1;
                    if depth == 1 {
                        if symbol == "(" {
                            continue;
                        }
                        break;
                    }
                }
                ")" | "}" | "]" | ">>" | "end" => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        if arguments.len() == 1 && arguments[0].is_empty() {
                            arguments.clear();
                        }
                        return Ok((arguments, position));
                    }
                }
                "," if depth == 1 => {
                    arguments.push(Vec::new());
                    continue;
                }
                _ => {}
            }
        }
        if depth == 0 {
            break;
        }
        if let Some(last) = arguments.last_mut() {
            last.push(token.clone());
        }
    }
    error(place, "unterminated macro call".to_owned())
}

/// `[name/Arity, ...]`
fn functions(parser: &mut Parser<'_>) -> Parsed<Vec<(Atom, u32)>> {
    let mut list = Vec::new();
    parser.expect("[")?;
    if parser.eat("]") {
        return Ok(list);
    }
    loop {
        let name = parser.atom()?;
        parser.expect("/")?;
        list.push((name, parser.small_integer()?));
        if !parser.eat(",") {
            break;
        }
    }
    parser.expect("]")?;
    Ok(list)
}

/// `name, {field, field = Default, field :: type(), ...}`
fn record(parser: &mut Parser<'_>) -> Parsed<Form> {
    let name = parser.atom()?;
    parser.expect(",")?;
    parser.expect("{")?;
    let mut fields = Vec::new();
    if !parser.eat("}") {
        loop {
            let field = parser.atom()?;
            let default = if parser.eat("=") {
                Some(parser.expression()?)
            } else {
                None
            };
            if parser.eat("::") {
                skip_type(parser);
            }
            fields.push(RecordDefinitionField {
                name: field,
                default,
            });
            if !parser.eat(",") {
                break;
            }
        }
        parser.expect("}")?;
    }
    Ok(Form::Record(name, fields))
}

/// Types mean nothing here: skips to the comma or brace that ends this one.
fn skip_type(parser: &mut Parser<'_>) {
    let mut depth = 0usize;
    while let Some(kind) = parser.peek() {
        if let TokenKind::Symbol(symbol) = kind {
            match *symbol {
                "(" | "{" | "[" | "<<" | "fun" => depth += usize::from(*symbol != "fun"),
                ")" | "}" | "]" | ">>" => {
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                }
                "," if depth == 0 => return,
                _ => {}
            }
        }
        parser.advance();
    }
}
