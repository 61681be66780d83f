import type { CompletionNode } from './tree.ts';

/** A completion script for zsh, to be put into its `fpath` or to be sourced. */
export function zshCompletion(nodes: readonly CompletionNode[]): string {
  const name = nodes[0]?.path ?? 'dogwatch';
  return `#compdef ${name}
# zsh completion for ${name}
_${name}() {
  local path_=${name} word index
  local -a entries
  for ((index = 2; index < CURRENT; index++)); do
    word="$path_ \${words[index]}"
    case $word in
      (${nodes.map(({ path }) => quoted(path)).join('|')}) path_=$word ;;
    esac
  done
  case "$path_ \${words[CURRENT-1]}" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case $path_ in
${nodes.map(wordCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function valueCases(node: CompletionNode): string[] {
  return node.options
    .filter(({ takesValue }) => takesValue)
    .map(({ flags, choices, files }) => {
      const patterns = flags.map((flag) => quoted(`${node.path} ${flag}`)).join('|');
      const values = choices.length > 0 ? `compadd -- ${choices.map(quoted).join(' ')}` : files ? '_files' : ':';
      return `    (${patterns}) ${values}; return ;;`;
    });
}

function wordCase(node: CompletionNode): string {
  const options = node.options.flatMap(({ flags, summary }) => flags.map((flag) => described(flag, summary)));
  const commands = node.commands.map(({ name, summary }) => described(name, summary));
  return [
    `    (${quoted(node.path)})`,
    `      if [[ \${words[CURRENT]} == -* ]]; then entries=(${options.join(' ')}); _describe option entries`,
    `      else`,
    ...(commands.length > 0 ? [`        entries=(${commands.join(' ')}); _describe command entries`] : []),
    ...(node.choices.length > 0 ? [`        compadd -- ${node.choices.map(quoted).join(' ')}`] : []),
    ...(node.files ? ['        _files'] : []),
    `        :`,
    `      fi ;;`,
  ].join('\n');
}

/** `name:summary` for \`_describe\`, where a colon in the name would end it. */
function described(name: string, summary: string): string {
  return quoted(`${name.replaceAll(':', String.raw`\:`)}:${summary}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
