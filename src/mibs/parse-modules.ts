import { MibSyntaxError, type MibFinding } from './finding.ts';
import type { ModuleText, ObjectText, SyntaxText } from './module-text.ts';
import { parseObject, startsObject } from './parse-object.ts';
import { parseSyntax, parseTextualConvention } from './parse-syntax.ts';
import { TokenReader } from './token-reader.ts';
import { tokenize } from './tokens.ts';

/** Of one file: what is beyond repeats what was said. */
const MOST_FINDINGS = 50;
const MOST_OBJECTS = 200_000;

export interface ParsedFile {
  readonly modules: readonly ModuleText[];
  readonly findings: readonly MibFinding[];
}

/**
 * The modules of one file, SMIv1 (RFC 1212, 1215) or SMIv2 (RFC 2578, 2579), or both mixed, as many makers write them. A
 * definition that cannot be read is a finding, and the next one is read. Never throws; time grows with the length alone.
 */
export function parseModules(file: string, source: string): ParsedFile {
  const { tokens, error } = tokenize(source);
  const parser = new FileParser(file, new TokenReader(tokens));
  parser.parse();
  if (error !== undefined) parser.find('error', 'syntax', error.line, error.message);
  return { modules: parser.modules, findings: parser.findings };
}

class FileParser {
  readonly modules: ModuleText[] = [];
  readonly findings: MibFinding[] = [];
  readonly #file: string;
  readonly #reader: TokenReader;
  #module: string | undefined;

  constructor(file: string, reader: TokenReader) {
    this.#file = file;
    this.#reader = reader;
  }

  parse(): void {
    while (this.#seekModule()) this.modules.push(this.#parseModule());
    if (this.modules.length === 0) this.find('warning', 'not-a-mib', 0, 'no module (NAME DEFINITIONS ::= BEGIN) in it');
  }

  find(severity: MibFinding['severity'], code: MibFinding['code'], line: number, message: string): void {
    if (this.findings.length >= MOST_FINDINGS) return;
    const module = this.#module;
    this.findings.push({ severity, code, file: this.#file, line, ...(module !== undefined && { module }), message });
  }

  /** Goes to the next `NAME DEFINITIONS`; what is before it (the pages of an RFC, say) is passed over. */
  #seekModule(): boolean {
    this.#module = undefined;
    const reader = this.#reader;
    while (!reader.done) {
      if (reader.peek().kind === 'word' && reader.peek(1).text === 'DEFINITIONS') return true;
      reader.next();
    }
    return false;
  }

  #parseModule(): ModuleText {
    const reader = this.#reader;
    const { text: name, line } = reader.next();
    this.#module = name;
    const imports: Map<string, { module: string; line: number }> = new Map();
    const objects: ObjectText[] = [];
    const types = new Map<string, SyntaxText>();
    const module = { name, file: this.#file, line, imports, objects, types };
    this.#attempt(() => {
      while (!reader.takes('BEGIN')) {
        if (reader.done || reader.sees('END')) throw reader.error('BEGIN');
        reader.next();
      }
      if (reader.takes('EXPORTS')) this.#skipBehind(';');
    });
    while (!reader.takes('END')) {
      if (reader.done || reader.peek(1).text === 'DEFINITIONS') {
        this.find('warning', 'syntax', reader.line, 'no END of the module');
        break;
      }
      if (objects.length > MOST_OBJECTS) break;
      if (!this.#attempt(() => this.#parseDefinition(module))) this.#recover();
    }
    return module;
  }

  #parseDefinition(module: {
    imports: Map<string, { module: string; line: number }>;
    objects: ObjectText[];
    types: Map<string, SyntaxText>;
  }): void {
    const reader = this.#reader;
    if (reader.takes('IMPORTS')) return this.#parseImports(module.imports);
    if (reader.peek(1).text === 'MACRO') return this.#skipMacro();
    if (startsObject(reader)) {
      module.objects.push(parseObject(reader));
      return;
    }
    const { text: name } = reader.expectKind('word', 'a definition');
    reader.expect('::=');
    const type = reader.takes('TEXTUAL-CONVENTION') ? parseTextualConvention(reader) : parseSyntax(reader);
    if (type.type !== 'SEQUENCE' && type.type !== 'CHOICE') module.types.set(name, type);
  }

  /** `a, b FROM M  c FROM N;` */
  #parseImports(imports: Map<string, { module: string; line: number }>): void {
    const reader = this.#reader;
    let symbols: string[] = [];
    while (!reader.takes(';')) {
      if (reader.takes(',')) continue;
      const { line } = reader;
      // No name is imported before `::=`: the semicolon was forgotten, and this is the first definition.
      if (startsDefinition(reader) && symbols.length === 0)
        return this.find('warning', 'syntax', line, 'no ; behind IMPORTS');
      if (reader.takes('FROM')) {
        const module = reader.expectKind('word', 'the name of a module').text;
        for (const symbol of symbols) imports.set(symbol, { module, line });
        symbols = [];
      } else symbols.push(reader.expectKind('word', 'a name to import').text);
    }
  }

  /** Macros are defined by the SMI itself, and need no reading. */
  #skipMacro(): void {
    this.#skipBehind('END');
  }

  #skipBehind(text: string): void {
    const reader = this.#reader;
    while (!reader.takes(text)) {
      if (reader.done) throw reader.error(text);
      reader.next();
    }
  }

  /** Whether `parse` came to its end; if not, why not is a finding. */
  #attempt(parse: () => void): boolean {
    try {
      parse();
      return true;
    } catch (error) {
      if (!(error instanceof MibSyntaxError)) throw error;
      this.find('error', 'syntax', error.line, error.message);
      return false;
    }
  }

  /** Goes on to where a definition may begin. */
  #recover(): void {
    const reader = this.#reader;
    do {
      reader.next();
    } while (!reader.done && !reader.sees('END') && !startsDefinition(reader) && reader.peek(1).text !== 'DEFINITIONS');
  }
}

function startsDefinition(reader: TokenReader): boolean {
  const { kind } = reader.peek();
  return kind === 'word' && (startsObject(reader) || reader.peek(1).text === '::=' || reader.peek(1).text === 'MACRO');
}
