import type { CompletionNode } from './tree.ts';

/** A completion script for bash 4 and later, without the package bash-completion. */
export function bashCompletion(nodes: readonly CompletionNode[]): string {
  const name = nodes[0]?.path ?? 'dogwatch';
  return `# bash completion for ${name}
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local path=${name} word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="$path \${COMP_WORDS[index]}"
    case $word in
      ${nodes.map(({ path }) => quoted(path)).join('|')}) path=$word ;;
    esac
  done
  COMPREPLY=()
  case "$path $previous" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case $path in
${nodes.map(wordCase).join('\n')}
  esac
}
complete -F _${name} ${name}
`;
}

function valueCases(node: CompletionNode): string[] {
  return node.options
    .filter(({ takesValue }) => takesValue)
    .map(({ flags, choices, files }) => {
      const patterns = flags.map((flag) => quoted(`${node.path} ${flag}`)).join('|');
      return `    ${patterns}) ${reply(choices, files)}; return ;;`;
    });
}

function wordCase(node: CompletionNode): string {
  const flags = node.options.flatMap((option) => option.flags);
  const words = [...node.commands.map(({ name }) => name), ...node.choices];
  return [
    `    ${quoted(node.path)})`,
    `      if [[ $current == -* ]]; then ${reply(flags, false)}`,
    `      else ${reply(words, node.files)}; fi ;;`,
  ].join('\n');
}

function reply(words: readonly string[], files: boolean): string {
  const kinds = [...(words.length > 0 ? [`-W ${quoted(words.join(' '))}`] : []), ...(files ? ['-f'] : [])];
  return kinds.length === 0 ? ':' : `mapfile -t COMPREPLY < <(compgen ${kinds.join(' ')} -- "$current")`;
}

/** In single quotes, as bash reads them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
