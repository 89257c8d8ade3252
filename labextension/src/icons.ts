import { LabIcon } from '@jupyterlab/ui-components';

/** Three linked boxes: what the panel, the button and the settings carry. */
export const provenanceIcon = new LabIcon({
  name: 'swarmprov:provenance',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="1.4">
    <rect x="1.2" y="1.7" width="5.6" height="4" rx="1.2"/>
    <rect x="1.2" y="10.3" width="5.6" height="4" rx="2"/>
    <rect x="9.6" y="6" width="5.2" height="4" rx="1.2"/>
    <path d="M6.8 3.7h1.4v4.3h1.4M6.8 12.3h1.4V8"/>
  </g></svg>`
});
