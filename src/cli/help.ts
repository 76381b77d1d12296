// The examples that each command's help ends with.

/** What the exit codes mean; at the end of the general help. */
export const exitCodeHelp = `
Exit codes:
  0  done, or nothing to do
  1  failed, or stopped before the end
  2  changes or held changes remain (plan and apply, only with --detailed-exitcode),
     or rights are missing (permissions --check), or something is not Ready (status)
  3  bad input: options, policy or manifests
  4  refused: wrong tenant or cloud, an unsigned commit, a saved plan that does not fit, or no lease

Environment:
  BINDERY_POLICY, BINDERY_CLOUD    defaults of --policy and --cloud
  BINDERY_…                        settings of run: \`bindery config\` shows them
  BINDERY_GIT_TOKEN                an access token for --source git+https://…
  BINDERY_GIT_USER                 the user name that goes with it, where it matters
  BINDERY_LOG_LEVEL                debug, info, warn, error or silent
  BINDERY_DEBUG                    print stack traces
  AZURE_*                          credentials, as in all Azure SDKs (DefaultAzureCredential)
  NO_COLOR, FORCE_COLOR, CI        colour and live progress

A first look:
  $ bindery demo
`;

/** By command. */
export const examples = {
  init: `
Examples:
  $ bindery init --owner prod
  $ bindery init --subscription 00000000-0000-0000-0000-000000000001 --output -
`,
  validate: `
Examples:
  $ bindery validate manifests
  $ kustomize build overlays/prod | bindery validate - --policy /etc/bindery/policy.yaml
  $ bindery validate manifests --output github
`,
  plan: `
Examples:
  $ bindery plan manifests --policy policy.yaml
  $ bindery plan manifests --policy policy.yaml --output markdown > comment.md
  $ bindery plan manifests --policy policy.yaml --out plan.json --detailed-exitcode
  $ bindery plan --source git+https://github.com/contoso/identities --path clusters/prod --policy policy.yaml
`,
  apply: `
Examples:
  $ bindery apply manifests --policy policy.yaml
  $ bindery apply manifests --policy policy.yaml --plan plan.json
  $ bindery apply manifests --policy policy.yaml --release 0123456789abcdef01234567
  $ bindery apply manifests --policy policy.yaml --audit audit.jsonl --timeout 20m
`,
  run: `
Examples:
  $ bindery run --source git+https://github.com/contoso/identities --policy policy.yaml
  $ bindery run manifests --policy policy.yaml --dry-run
  $ bindery run --config bindery.yaml
  $ bindery run manifests --policy policy.yaml --once
`,
  config: `
Examples:
  $ bindery config --config bindery.yaml
  $ bindery config manifests --policy policy.yaml --interval 10m --output json
`,
  explain: `
Examples:
  $ bindery explain vm-orders-1 manifests --policy policy.yaml
  $ bindery explain team-orders/orders manifests --policy policy.yaml --output json
`,
  permissions: `
Examples:
  $ bindery permissions manifests --policy policy.yaml
  $ bindery permissions manifests --policy policy.yaml --output az --principal-id 00000000-0000-0000-0000-000000000002 > rights.sh
  $ bindery permissions manifests --policy policy.yaml --for plan --output role
  $ bindery permissions manifests --policy policy.yaml --check
`,
  schema: `
Examples:
  $ bindery schema > bindery.schema.json
`,
  sandbox: `
Examples:
  $ bindery sandbox --exports sandbox.env
  $ . ./sandbox.env && bindery init --output policy.yaml
`,
  demo: `
Examples:
  $ bindery demo
`,
  status: `
Examples:
  $ bindery status
  $ bindery status --watch
  $ bindery status team-orders/orders
  $ bindery status --address https://bindery.example.com --token-file token --output json
`,
  version: `
Examples:
  $ bindery version
`,
} as const;
