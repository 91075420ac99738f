// The scripts only carry words to and fro: what there is to choose from is known by the program, so that a script that was
// installed once is right for every later version. The program answers with a line for each word, "word<Tab>about", or with
// ":files" or ":folders".

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The words are taken from the line, because bash cuts HOST:PORT and --name=value into pieces; what is put in goes after such a cut. */
const BASH = `# assay completion bash: put this into ~/.bashrc
#   eval "$(assay completion bash)"
_assay() {
  local line="\${COMP_LINE:0:COMP_POINT}" words word cut
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local current="\${words[-1]}" answers=()
  mapfile -t answers < <("$1" complete -- "\${words[@]:1}" 2> /dev/null)
  COMPREPLY=()
  case "\${answers[0]-}" in
    :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    :folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
  esac
  cut="\${current%"\${current##*[=:]}"}"
  for word in "\${answers[@]}"; do
    word="\${word%%$'\\t'*}"
    COMPREPLY+=("\${word#"$cut"}")
  done
}
complete -F _assay assay
`;

const ZSH = `#compdef assay
# assay completion zsh: put this into ~/.zshrc, after compinit
#   eval "$(assay completion zsh)"
# or save it as _assay in a folder of $fpath.
_assay() {
  local -a answers choices
  local answer word about
  answers=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}")
  case "\${answers[1]}" in
    :files) _files; return ;;
    :folders) _files -/; return ;;
  esac
  for answer in "\${answers[@]}"; do
    word="\${answer%%$'\\t'*}" about="\${answer#*$'\\t'}"
    [[ -n $word ]] && choices+=("\${word//:/\\\\:}:$about")
  done
  _describe assay choices
}
if [[ "\${funcstack[1]}" == _assay ]]; then _assay "$@"; else compdef _assay assay; fi
`;

const FISH = `# assay completion fish: save this as ~/.config/fish/completions/assay.fish
function __assay_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answers ($words[1] complete -- $words[2..-1] "$current" 2> /dev/null)
    switch "$answers[1]"
        case :files
            __fish_complete_path "$current"
        case :folders
            __fish_complete_directories "$current" ''
        case '*'
            printf '%s\\n' $answers
    end
end
complete -c assay -f -a '(__assay_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
