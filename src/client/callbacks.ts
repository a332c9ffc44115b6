/**
 * Calls the application's function so that its failure cannot stop what we are in the middle of: the error is thrown again on its own, where Node and
 * browsers report it as uncaught.
 */
export function callOut<T>(callback: (argument: T) => void, argument: T): void {
  try {
    callback(argument)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
