import type { Command } from 'commander';

/** What the shells complete, read from the program itself, so that it never lags behind. */
export interface CompletionModel {
  readonly commands: readonly {
    readonly name: string;
    readonly description: string;
    readonly options: readonly string[];
    /** Whether its first argument is the id of an expansion. */
    readonly takesId: boolean;
    /** Commands below it; empty = it is one by itself. */
    readonly below: readonly string[];
  }[];
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionModel(program: Command): CompletionModel {
  const shared = optionsOf(program);
  const visible = program.createHelp().visibleCommands(program);
  return {
    commands: visible.map((command) => ({
      name: command.name(),
      description: command.summary() || command.description(),
      options: [...new Set([...optionsOf(command), ...command.commands.flatMap(optionsOf), ...shared])],
      takesId: command.registeredArguments[0]?.name() === 'id',
      below: command.commands.map((inner) => inner.name()),
    })),
  };
}

const optionsOf = (command: Command): string[] =>
  command.options.map((option) => option.long ?? '').filter(Boolean);

/** The completion script of a shell, to be sourced. */
export function completionScript(shell: Shell, model: CompletionModel): string {
  if (shell === 'bash') return bashScript(model);
  return shell === 'zsh' ? zshScript(model) : fishScript(model);
}

const idsCommand = 'pika-expander complete-ids 2>/dev/null';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bashScript(model: CompletionModel): string {
  const names = model.commands.map((command) => command.name).join(' ');
  const cases = model.commands.map(
    ({ name, options, takesId, below }) =>
      `    ${name}) options="${options.join(' ')}"; ids=${takesId ? 'yes' : 'no'}; below="${below.join(' ')}" ;;`,
  );
  return `# Completion of pika-expander for bash. Load it: source <(pika-expander completion bash)
_pika_expander() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="" options="" ids=no below="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      --url|--token|--token-file|--config) ((i++)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
    "") COMPREPLY=($(compgen -W "${names} --help --version" -- "$current")); return ;;
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n "$below" && $COMP_CWORD -eq $((i + 1)) ]]; then
    COMPREPLY=($(compgen -W "$below" -- "$current"))
  elif [[ "$ids" == yes && $COMP_CWORD -eq $((i + 1)) ]]; then
    COMPREPLY=($(compgen -W "$(${idsCommand})" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _pika_expander pika-expander
`;
}

function zshScript(model: CompletionModel): string {
  const described = model.commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`);
  const cases = model.commands.map(({ name, options, takesId, below }) => {
    const words =
      below.length > 0
        ? ` || { (( CURRENT == 3 )) && compadd -- ${below.join(' ')} || _files }`
        : ' || _files';
    const ids = takesId ? ` && return || compadd -- \${(f)"$(${idsCommand})"}` : words;
    return `    ${name}) [[ $PREFIX == -* ]] && compadd -- ${options.join(' ')}${ids} ;;`;
  });
  return `#compdef pika-expander
# Completion of pika-expander for zsh. Load it: source <(pika-expander completion zsh)
_pika_expander() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join('\n')}
    *) _files ;;
  esac
}
compdef _pika_expander pika-expander
`;
}

function fishScript(model: CompletionModel): string {
  const lines = model.commands.flatMap(({ name, description, options, takesId, below }) => [
    `complete -c pika-expander -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
    ...options.map(
      (option) => `complete -c pika-expander -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
    ),
    ...(below.length > 0
      ? [
          `complete -c pika-expander -n '__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${below.join(' ')}' -f -a '${below.join(' ')}'`,
        ]
      : []),
    ...(takesId
      ? [`complete -c pika-expander -n '__fish_seen_subcommand_from ${name}' -f -a '(${idsCommand})'`]
      : []),
  ]);
  return `# Completion of pika-expander for fish. Load it: pika-expander completion fish | source\n${lines.join('\n')}\n`;
}
