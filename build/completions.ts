/** Completions for the shells bash, zsh and fish, made from the tables of commands and options. */
import type { Command } from "../src/cli/command.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { GLOBAL_OPTIONS, type OptionName, optionRow } from "../src/cli/options.ts";

const HEADER = "written by npm run settings-table: do not edit.";

/** What may stand for the value of an option: files, the host's interfaces, or nothing that a shell could know. */
const VALUES: Readonly<Partial<Record<OptionName, "files" | "interfaces">>> = {
  rules: "files",
  answers: "files",
  interface: "interfaces",
};

const ZSH_ACTIONS = { files: "_files", interfaces: "_net_interfaces", none: "" } as const;

const hasValue = (name: OptionName) => optionRow(name).type === "string";
const optionsOf = (command: Command) => [...command.options, ...GLOBAL_OPTIONS];

export function renderBashCompletion(commands: readonly Command[] = COMMANDS): string {
  const names = commands.map(({ name }) => name).join(" ");
  const all = [...new Set(commands.flatMap(optionsOf))].filter(hasValue);
  const ofKind = (kind?: string) => all.filter((name) => VALUES[name] === kind).map((name) => `--${name}`);
  const wordsOf = (command: Command) =>
    [
      ...(command.argument === "COMMAND" ? [names] : []),
      ...optionsOf(command).map((name) => `--${name}`),
    ].join(" ");
  return `# bash completion for rancher-keepalived, ${HEADER}
_rancher_keepalived() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${names.replaceAll(" ", " | ")}) command=$word && break ;;
    esac
  done
  case $previous in
    ${ofKind("files").join(" | ")}) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
    ${ofKind("interfaces").join(" | ")}) words=$(ls /sys/class/net) ;;
    ${ofKind().join(" | ")}) return ;;
    *)
      case $command in
        "") words="${names} ${GLOBAL_OPTIONS.map((name) => `--${name}`).join(" ")}" ;;
${commands.map((command) => `        ${command.name}) words="${wordsOf(command)}" ;;`).join("\n")}
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _rancher_keepalived rancher-keepalived
`;
}

export function renderZshCompletion(commands: readonly Command[] = COMMANDS): string {
  const spec = (name: OptionName) => {
    const { help, multiple, value } = optionRow(name);
    const action = ZSH_ACTIONS[VALUES[name] ?? "none"];
    const argument = hasValue(name) ? `:${value?.replaceAll(":", "\\:")}:${action}` : "";
    return quote(`${multiple ? "*" : ""}--${name}[${help.replaceAll(/[[\]]/g, "\\$&")}]${argument}`);
  };
  const caseOf = (command: Command) => {
    const argument =
      command.argument === "COMMAND" ? [`'1:command:(${commands.map(({ name }) => name).join(" ")})'`] : [];
    return `    ${command.name}) _arguments ${[...argument, ...optionsOf(command).map(spec)].join(" ")} ;;`;
  };
  return `#compdef rancher-keepalived
# zsh completion for rancher-keepalived, ${HEADER}
_rancher_keepalived() {
  local context state line
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  _arguments -C ${GLOBAL_OPTIONS.map(spec).join(" ")} '1:command:->command' '*::argument:->argument'
  if [[ $state == command ]]; then
    _describe command commands
    return
  fi
  case $words[1] in
${commands.map(caseOf).join("\n")}
  esac
}
_rancher_keepalived "$@"
`;
}

export function renderFishCompletion(commands: readonly Command[] = COMMANDS): string {
  const names = commands.map(({ name }) => name).join(" ");
  const optionLine = (condition: string) => (name: OptionName) => {
    const files = VALUES[name] === "files" ? " -F" : "";
    const interfaces = VALUES[name] === "interfaces" ? " -a '(ls /sys/class/net)'" : "";
    const value = hasValue(name) ? ` -x${files}${interfaces}` : "";
    return `complete -c rancher-keepalived${condition} -l ${name}${value.replace("-x -F", "-rF")} -d ${quote(optionRow(name).help)}`;
  };
  const inCommand = ({ name }: Command) => ` -n '__fish_seen_subcommand_from ${name}'`;
  return `# fish completion for rancher-keepalived, ${HEADER}
complete -c rancher-keepalived -f
${GLOBAL_OPTIONS.map(optionLine("")).join("\n")}
${commands.map(({ name, summary }) => `complete -c rancher-keepalived -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`).join("\n")}
${commands
  .flatMap((command) => [
    ...(command.argument === "COMMAND"
      ? [`complete -c rancher-keepalived${inCommand(command)} -a '${names}'`]
      : []),
    ...command.options.map(optionLine(inCommand(command))),
  ])
  .join("\n")}
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
