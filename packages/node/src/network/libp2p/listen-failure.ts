import { NodeFailure } from '../../ports.ts'

/**
 * Why libp2p did not start, for whoever chose the ports. libp2p tells it as one text about all addresses, in
 * which the codes of the system are. NETWORK_PORT_TAKEN lets the caller try the next port with a new network.
 */
export function listenFailure(error: unknown, listen: readonly string[]): NodeFailure {
  const text = error instanceof Error ? error.message : String(error)
  const where = listen.join(', ') || 'no address'
  const options = { cause: error }
  if (text.includes('EADDRINUSE')) {
    return new NodeFailure('NETWORK_PORT_TAKEN', `another program listens at ${where}`, options)
  }
  if (text.includes('EACCES')) {
    return new NodeFailure('NETWORK_LISTEN_FAILED', `this user may not listen at ${where}`, options)
  }
  if (text.includes('EADDRNOTAVAIL') || text.includes('ENOTFOUND')) {
    return new NodeFailure('NETWORK_LISTEN_FAILED', `${where} is no address of this machine`, options)
  }
  const reason = text.split('\n', 1)[0] ?? text
  return new NodeFailure('NETWORK_LISTEN_FAILED', `cannot listen at ${where}: ${reason}`, options)
}
