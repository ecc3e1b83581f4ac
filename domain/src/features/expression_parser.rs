//! Recursive descent over the text of a derived feature; the grammar stands in `expression.rs`.
use super::expression::{DEEPEST, ExpressionError, Step};
use std::iter::Peekable;
use std::str::CharIndices;

/// Steps of the compiled form, and the names of its inputs in the order of their first use.
pub(super) fn parse(text: &str) -> Result<(Vec<Step>, Vec<String>), ExpressionError> {
    let mut parser = Parser { text, rest: text.char_indices().peekable(), steps: Vec::new(), inputs: Vec::new() };
    parser.expression(0)?;
    match parser.peek() {
        None => Ok((parser.steps, parser.inputs)),
        Some(_) => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    steps: Vec<Step>,
    inputs: Vec<String>,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        while self.rest.next_if(|(_, character)| character.is_whitespace()).is_some() {}
        self.rest.peek().map(|(_, character)| *character)
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest.next();
        }
        found
    }

    fn unexpected(&mut self, wanted: &'static str) -> ExpressionError {
        match self.rest.peek() {
            None => ExpressionError::Unfinished { wanted },
            Some((at, found)) => ExpressionError::Unexpected { found: found.to_string(), at: *at, wanted },
        }
    }

    fn expression(&mut self, depth: usize) -> Result<(), ExpressionError> {
        if depth > DEEPEST {
            return Err(ExpressionError::TooDeep);
        }
        self.term(depth)?;
        loop {
            let step = match self.peek() {
                Some('+') => Step::Add,
                Some('-') => Step::Subtract,
                _ => return Ok(()),
            };
            self.rest.next();
            self.term(depth)?;
            self.steps.push(step);
        }
    }

    fn term(&mut self, depth: usize) -> Result<(), ExpressionError> {
        self.factor(depth)?;
        loop {
            let step = match self.peek() {
                Some('*') => Step::Multiply,
                Some('/') => Step::Divide,
                _ => return Ok(()),
            };
            self.rest.next();
            self.factor(depth)?;
            self.steps.push(step);
        }
    }

    fn factor(&mut self, depth: usize) -> Result<(), ExpressionError> {
        if depth > DEEPEST {
            return Err(ExpressionError::TooDeep);
        }
        match self.peek() {
            Some('-') => {
                self.rest.next();
                self.factor(depth + 1)?;
                self.steps.push(Step::Negate);
                Ok(())
            }
            Some('(') => {
                self.rest.next();
                self.expression(depth + 1)?;
                self.closing()
            }
            Some('"') => {
                self.rest.next();
                let name = self.take(|character| character != '"');
                if name.is_empty() || self.rest.next().is_none() {
                    return Err(ExpressionError::Unfinished { wanted: "a name and its closing quote" });
                }
                self.input(name);
                Ok(())
            }
            Some(character) if character.is_ascii_digit() || character == '.' => self.number(),
            Some(character) if character.is_alphabetic() || character == '_' => {
                let word = self.take(|character| character.is_alphanumeric() || matches!(character, '_' | '.' | ':'));
                if self.accept('(') {
                    return self.call(&word, depth);
                }
                self.input(word);
                Ok(())
            }
            _ => Err(self.unexpected("a number, a feature, a function or a parenthesis")),
        }
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> String {
        std::iter::from_fn(|| self.rest.next_if(|(_, character)| belongs(*character))).map(|(_, c)| c).collect()
    }

    fn closing(&mut self) -> Result<(), ExpressionError> {
        if self.accept(')') { Ok(()) } else { Err(self.unexpected("a closing parenthesis")) }
    }

    fn input(&mut self, name: String) {
        let index = self.inputs.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.inputs.push(name);
            self.inputs.len() - 1
        });
        self.steps.push(Step::Input(index));
    }

    fn number(&mut self) -> Result<(), ExpressionError> {
        let at = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        let mut text = self.take(|character| character.is_ascii_digit() || character == '.');
        if let Some((_, exponent)) = self.rest.next_if(|(_, character)| matches!(character, 'e' | 'E')) {
            text.push(exponent);
            text.extend(self.rest.next_if(|(_, character)| matches!(character, '+' | '-')).map(|(_, sign)| sign));
            text += &self.take(|character| character.is_ascii_digit());
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.steps.push(Step::Number(number));
                Ok(())
            }
            _ => Err(ExpressionError::NotANumber { text: text.chars().take(32).collect(), at }),
        }
    }

    /// A call whose opening parenthesis is read already.
    fn call(&mut self, word: &str, depth: usize) -> Result<(), ExpressionError> {
        let (function, step, least, most, wants) = match word {
            "min" => ("min", Step::Minimum, 2, usize::MAX, "two or more"),
            "max" => ("max", Step::Maximum, 2, usize::MAX, "two or more"),
            "abs" => ("abs", Step::Absolute, 1, 1, "one"),
            "sqrt" => ("sqrt", Step::SquareRoot, 1, 1, "one"),
            "ln" => ("ln", Step::Logarithm, 1, 1, "one"),
            "clamp" => ("clamp", Step::Clamp, 3, 3, "three"),
            _ => {
                let (found, at) = (word.chars().take(32).collect(), self.text.find(word).unwrap_or(0));
                return Err(ExpressionError::Unexpected { found, at, wanted: "min, max, abs, sqrt, ln or clamp" });
            }
        };
        let mut got = 0;
        loop {
            self.expression(depth + 1)?;
            got += 1;
            if most == usize::MAX && got > 1 {
                self.steps.push(step);
            }
            if !self.accept(',') {
                break;
            }
        }
        self.closing()?;
        if got < least || got > most {
            return Err(ExpressionError::Arguments { function, got, wants });
        }
        if most != usize::MAX {
            self.steps.push(step);
        }
        Ok(())
    }
}
