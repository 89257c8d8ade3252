/** The commands, as palette, toolbar, shortcuts and the panel call them. */
export namespace CommandIDs {
  export const publish = 'swarmprov:publish';
  export const graph = 'swarmprov:graph';
  export const panel = 'swarmprov:panel';
  export const verify = 'swarmprov:verify';
  export const pause = 'swarmprov:pause';
  export const resume = 'swarmprov:resume';
  export const load = 'swarmprov:load';
}
