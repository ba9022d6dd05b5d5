export { fetchGenesis } from './fetch-genesis.ts'
export { Libp2pNetwork } from './network.ts'
export { readSwarmKey } from './read-swarm-key.ts'
