//! Panics without words.
//!
//! No visitor hears what a panic says: what comes out of the module is an exception without a text, which
//! the glue catches; at most a console would be told. So whatever leads to nothing but a panic becomes that
//! exception at once; the sentences, and the code that puts them together, are not downloaded.

mod memory;

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use rustc_demangle::demangle;
use walrus::ir::{self, Const, Instr, InstrSeq, Load, Value, Visitor, VisitorMut};
use walrus::{ConstExpr, Element, ElementItems, ElementKind, Function, FunctionId, Module};

use self::memory::Memory;

/// Where the numbers of functions begin: among small ones, which code is full of, nobody could tell
/// whether one is still mentioned.
pub(crate) const FIRST_FUNCTION: u32 = 1100;

/// Beginnings of the names of what is only called on the way into a panic.
const BEGINNINGS: &[&str] = &[
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "console_error_panic_hook::hook",
    "core::cell::lazy::panic_poisoned",
    "core::cell::panic_already",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "std::alloc::rust_oom",
    "std::panicking::begin_panic",
    "std::panicking::panic_handler",
    "std::panicking::panic_with_hook",
    "std::thread::local::panic_access_error",
];
/// Ends of them: the method of a list that complains of an index has the list's type before it.
const ENDINGS: &[&str] = &["::remove::assert_failed", "::split_off::assert_failed"];
/// Where all of them meet, in every module.
const HEART: &str = "core::panicking::panic_fmt";

/// Takes the words out of a module.
///
/// # Errors
///
/// If the functions do not have the names that they are known by here.
pub(crate) fn silence(module: &mut Module) -> Result<()> {
    let silent = silent(module)?;
    let mut cut = Cut {
        silent: &silent,
        said: Vec::new(),
    };
    for (id, function) in module.funcs.iter_local_mut() {
        let start = function.entry_block();
        if silent.contains(&id) {
            let mut said = Constants::default();
            ir::dfs_in_order(&mut said, function, start);
            cut.said.push(said.0);
            function.block_mut(start).instrs = vec![trap()];
        } else {
            ir::dfs_pre_order_mut(&mut cut, function, start);
        }
    }
    let said = cut.said;
    let mut memory = Memory::of(module);
    memory.erase_locations();
    let mentioned = mentioned(module, &memory);
    memory.erase_texts(&said, &mentioned);
    memory.write_back(module);
    unlist(module, &silent, &mentioned)
}

/// The functions that only panic.
fn silent(module: &Module) -> Result<HashSet<FunctionId>> {
    let named = |function: &Function| {
        let name = format!("{:#}", demangle(function.name.as_ref()?));
        Some((function.id(), name))
    };
    let names: Vec<(FunctionId, String)> = module.funcs.iter().filter_map(named).collect();
    let has_heart = names.iter().any(|(_, name)| name == HEART);
    ensure!(has_heart, "no function is called {HEART}");
    let silent = names.iter().filter(|(_, name)| only_panics(name));
    Ok(silent.map(|(id, _)| *id).collect())
}

fn only_panics(name: &str) -> bool {
    BEGINNINGS.iter().any(|start| name.starts_with(start))
        || ENDINGS.iter().any(|end| name.ends_with(end))
}

fn trap() -> (Instr, ir::InstrLocId) {
    (Instr::Unreachable(ir::Unreachable {}), Default::default())
}

/// Ends each sequence of instructions where it begins to panic.
struct Cut<'a> {
    silent: &'a HashSet<FunctionId>,
    /// The constants that were to be handed over, call by call: where texts lie, how long they are.
    said: Vec<Vec<u32>>,
}

impl VisitorMut for Cut<'_> {
    fn start_instr_seq_mut(&mut self, sequence: &mut InstrSeq) {
        let panics = |(instr, _): &(Instr, _)| matches!(instr, Instr::Call(call) if self.silent.contains(&call.func));
        let Some(place) = sequence.iter().position(panics) else {
            return;
        };
        sequence.truncate(place);
        let mut said = Vec::new();
        while let Some((Instr::Const(Const { value }), _)) = sequence.last() {
            if let Value::I32(value) = value {
                said.push(value.cast_unsigned());
            }
            sequence.pop();
        }
        said.reverse();
        self.said.push(said);
        sequence.push(trap());
    }
}

/// All that may be the address of something or the number of a function: the constants of the code and
/// the words of the memory.
fn mentioned(module: &Module, memory: &Memory) -> HashSet<u32> {
    let mut constants = Constants(memory.words().map(|(_, word)| word).collect());
    for (_, function) in module.funcs.iter_local() {
        ir::dfs_in_order(&mut constants, function, function.entry_block());
    }
    constants.0.into_iter().collect()
}

#[derive(Default)]
struct Constants(Vec<u32>);

impl<'a> Visitor<'a> for Constants {
    fn visit_value(&mut self, value: &Value) {
        if let Value::I32(value) = value {
            self.0.push(value.cast_unsigned());
        }
    }

    fn visit_load(&mut self, load: &Load) {
        self.0.extend(u32::try_from(load.arg.offset));
    }
}

/// Has each number of a function that nothing mentions any more lead to a panic: what it led to can go.
fn unlist(
    module: &mut Module,
    silent: &HashSet<FunctionId>,
    mentioned: &HashSet<u32>,
) -> Result<()> {
    let nothing = *silent.iter().min().context("nothing panics")?;
    for (first, functions) in module.elements.iter_mut().filter_map(numbered) {
        for (number, function) in (first..).zip(functions) {
            if !mentioned.contains(&number) {
                *function = nothing;
            }
        }
    }
    Ok(())
}

/// The first number of a list of functions, and the list.
fn numbered(element: &mut Element) -> Option<(u32, &mut Vec<FunctionId>)> {
    match (&element.kind, &mut element.items) {
        (
            ElementKind::Active {
                offset: ConstExpr::Value(Value::I32(first)),
                ..
            },
            ElementItems::Functions(functions),
        ) => Some((first.cast_unsigned(), functions)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
