import { Argument, type Command } from 'commander';
import { bashCompletion } from './completion/bash.ts';
import { commandTree } from './completion/tree.ts';
import { zshCompletion } from './completion/zsh.ts';

const HELP = `
Examples:
  source <(dogwatch completion bash)                                        this shell
  dogwatch completion bash > /etc/bash_completion.d/dogwatch                every bash
  dogwatch completion zsh > "\${fpath[1]}/_dogwatch"                         every zsh`;

/** `dogwatch completion`: scripts made from the command tree as it is, so that they never fall behind. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description('Prints a script that lets bash or zsh complete commands, options and their values.')
    .addArgument(new Argument('<shell>', 'shell to complete in').choices(['bash', 'zsh']))
    .addHelpText('after', HELP)
    .action((shell: string) => {
      const tree = commandTree(program);
      process.stdout.write(shell === 'zsh' ? zshCompletion(tree) : bashCompletion(tree));
    });
}
