use walrus::{DataKind, FunctionBuilder, ModuleConfig, RefType, ValType};

use super::*;

const MEMORY: i32 = 1024;
const SENTENCE: &[u8] = b"it went wrong";
const FILE: &[u8] = b"src/lib.rs";

/// A module that panics with a sentence and a place, which lie one after the other in its memory.
struct Sample {
    module: Module,
    panic: FunctionId,
    formatter: FunctionId,
    table: walrus::TableId,
}

impl Sample {
    fn new() -> Self {
        let mut module = Module::with_config(ModuleConfig::new());
        let memory = module.memories.add_local(false, false, 1, None, None);
        let mut bytes = [SENTENCE, b"\0\0\0", FILE, b"\0\0"].concat();
        for word in [MEMORY + 16, FILE.len() as i32, 7, 9] {
            bytes.extend(word.to_le_bytes());
        }
        let offset = ConstExpr::Value(Value::I32(MEMORY));
        module.data.add(DataKind::Active { memory, offset }, bytes);
        let table = module.tables.add_local(false, 2000, None, RefType::FUNCREF);
        let panic = function(
            &mut module,
            "_ZN4core9panicking9panic_fmt17h0123456789abcdefE",
            &[],
        );
        let formatter = function(&mut module, "format", &[]);
        Self {
            module,
            panic,
            formatter,
            table,
        }
    }

    /// A function that panics if it is called.
    fn panicking(&mut self) -> FunctionId {
        let location = MEMORY + SENTENCE.len() as i32 + 3 + FILE.len() as i32 + 2;
        let said = [MEMORY, SENTENCE.len() as i32 * 2 + 1, location];
        let id = function(&mut self.module, "unlucky", &said);
        let panic = self.panic;
        let body = self.body(id);
        body.push((Instr::Call(ir::Call { func: panic }), Default::default()));
        body.extend(constants(&[5]));
        id
    }

    fn body(&mut self, id: FunctionId) -> &mut Vec<(Instr, ir::InstrLocId)> {
        let function = self.module.funcs.get_mut(id).kind.unwrap_local_mut();
        let start = function.entry_block();
        &mut function.block_mut(start).instrs
    }

    fn number(&mut self, first: u32) {
        let kind = ElementKind::Active {
            table: self.table,
            offset: ConstExpr::Value(Value::I32(first.cast_signed())),
        };
        let items = ElementItems::Functions(vec![self.formatter]);
        self.module.elements.add(kind, items);
    }

    fn numbered(&mut self) -> FunctionId {
        numbered(self.module.elements.iter_mut().next().unwrap())
            .unwrap()
            .1[0]
    }

    fn bytes(&self) -> &[u8] {
        &self.module.data.iter().next().unwrap().value
    }
}

fn function(module: &mut Module, name: &str, mentions: &[i32]) -> FunctionId {
    let mut builder = FunctionBuilder::new(&mut module.types, &[] as &[ValType], &[]);
    builder.name(name.to_owned());
    builder.func_body().instrs_mut().extend(constants(mentions));
    builder.finish(Vec::new(), &mut module.funcs)
}

fn constants(values: &[i32]) -> impl Iterator<Item = (Instr, ir::InstrLocId)> {
    values.iter().map(|value| {
        let value = Value::I32(*value);
        (Instr::Const(Const { value }), Default::default())
    })
}

#[test]
fn a_function_ends_where_it_panics() {
    let mut sample = Sample::new();
    let id = sample.panicking();
    silence(&mut sample.module).unwrap();
    assert!(matches!(sample.body(id)[..], [(Instr::Unreachable(_), _)]));
    let panic = sample.panic;
    assert!(matches!(
        sample.body(panic)[..],
        [(Instr::Unreachable(_), _)]
    ));
}

#[test]
fn what_it_would_have_said_is_erased() {
    let mut sample = Sample::new();
    sample.panicking();
    silence(&mut sample.module).unwrap();
    assert!(sample.bytes().iter().all(|byte| *byte == 0));
}

#[test]
fn a_text_that_is_needed_elsewhere_stays() {
    let mut sample = Sample::new();
    sample.panicking();
    function(
        &mut sample.module,
        "lucky",
        &[MEMORY, SENTENCE.len() as i32],
    );
    silence(&mut sample.module).unwrap();
    assert!(sample.bytes().starts_with(SENTENCE));
    assert!(
        !sample
            .bytes()
            .windows(FILE.len())
            .any(|bytes| bytes == FILE)
    );
}

#[test]
fn a_sentence_with_a_value_in_it_is_erased_from_who_says_it() {
    let mut sample = Sample::new();
    let template = b"\x07wrong: \xc0\x01!\xc0\0";
    let data = sample.module.data.iter().next().unwrap().id();
    sample.module.data.get_mut(data).value = [template, SENTENCE].concat();
    let panic = sample.panic;
    sample.body(panic).extend(constants(&[MEMORY]));
    silence(&mut sample.module).unwrap();
    let (erased, rest) = sample.bytes().split_at(template.len());
    assert!(erased.iter().all(|byte| *byte == 0));
    assert_eq!(rest, SENTENCE);
}

#[test]
fn a_text_that_is_loaded_from_stays() {
    let mut sample = Sample::new();
    sample.panicking();
    let lucky = function(&mut sample.module, "lucky", &[0]);
    let load = Load {
        memory: sample.module.memories.iter().next().unwrap().id(),
        kind: ir::LoadKind::I32 { atomic: false },
        arg: ir::MemArg {
            align: 4,
            offset: MEMORY as u64,
        },
    };
    sample
        .body(lucky)
        .push((Instr::Load(load), Default::default()));
    silence(&mut sample.module).unwrap();
    assert!(sample.bytes().starts_with(SENTENCE));
}

#[test]
fn a_function_whose_number_nothing_mentions_is_no_longer_listed() {
    let mut sample = Sample::new();
    sample.number(FIRST_FUNCTION);
    silence(&mut sample.module).unwrap();
    assert_eq!(sample.numbered(), sample.panic);
}

#[test]
fn a_function_whose_number_is_mentioned_stays_listed() {
    let mut sample = Sample::new();
    sample.number(FIRST_FUNCTION);
    function(&mut sample.module, "lucky", &[FIRST_FUNCTION.cast_signed()]);
    silence(&mut sample.module).unwrap();
    assert_eq!(sample.numbered(), sample.formatter);
}

#[test]
fn other_names_than_those_known_are_an_error() {
    let mut module = Module::with_config(ModuleConfig::new());
    function(&mut module, "core::panicking::as_it_is_called_now", &[]);
    assert!(silence(&mut module).is_err());
}
