import type { Command, Option } from 'commander';

/** What can be completed after a command's words. */
export interface CompletionNode {
  /** `dogwatch top talkers`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly CompletionOption[];
  /** Values of the arguments, where they are enumerable; of all arguments together. */
  readonly choices: readonly string[];
  /** Whether an argument may be a file. */
  readonly files: boolean;
}

interface CompletionOption {
  /** `-c` and `--config`. */
  readonly flags: readonly string[];
  readonly summary: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly files: boolean;
}

/** The tree as a flat list, every command with what can follow it; the program itself first. */
export function commandTree(program: Command): CompletionNode[] {
  return nodesOf(program, program.name(), []);
}

function nodesOf(command: Command, path: string, inherited: readonly CompletionOption[]): CompletionNode[] {
  const help = command.createHelp();
  const visible = help.visibleCommands(command);
  const own = help.visibleOptions(command).map(completionOption);
  const node: CompletionNode = {
    path,
    commands: visible.map((child) => ({ name: child.name(), summary: child.summary() || child.description() })),
    options: [...own, ...inherited.filter(({ flags }) => !own.some((option) => sharesFlag(option, flags)))],
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    files: command.registeredArguments.some((argument) => isFile(argument.name())),
  };
  // Options of a command are understood behind the words of its subcommands, too; its version is not of interest there.
  const passedOn = node.options.filter(({ flags }) => !flags.includes('--version'));
  return [node, ...command.commands.flatMap((child) => nodesOf(child, `${path} ${child.name()}`, passedOn))];
}

function completionOption(option: Option): CompletionOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    summary: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
    files: isFile(/[<[]([^>\]]*)/.exec(option.flags)?.[1] ?? ''),
  };
}

function sharesFlag(option: CompletionOption, flags: readonly string[]): boolean {
  return option.flags.some((flag) => flags.includes(flag));
}

function isFile(valueName: string): boolean {
  return /file|pcap|capture|directory|path/i.test(valueName);
}
