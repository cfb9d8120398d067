# bash completion for rancher-keepalived, written by npm run settings-table: do not edit.
_rancher_keepalived() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command="" words="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      run | render | check | status | drain | undrain | journal | metadata-server | help | version) command=$word && break ;;
    esac
  done
  case $previous in
    --rules | --answers) mapfile -t COMPREPLY < <(compgen -f -- "$current") && return ;;
    --interface) words=$(ls /sys/class/net) ;;
    --port | --ip | --since | --lines | --group | --listen) return ;;
    *)
      case $command in
        "") words="run render check status drain undrain journal metadata-server help version --help --version" ;;
        run) words="--help --version" ;;
        render) words="--explain --json --help --version" ;;
        check) words="--rules --port --ip --interface --json --help --version" ;;
        status) words="--all --json --watch --help --version" ;;
        drain) words="--force --help --version" ;;
        undrain) words="--help --version" ;;
        journal) words="--since --lines --group --follow --json --help --version" ;;
        metadata-server) words="--answers --listen --help --version" ;;
        help) words="run render check status drain undrain journal metadata-server help version --help --version" ;;
        version) words="--help --version" ;;
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _rancher_keepalived rancher-keepalived
