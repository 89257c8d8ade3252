import { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { draw } from '../../swarmprov_nb/widgets/lineage.js';

const MIME_TYPE = 'application/vnd.swarmprov.lineage+json';

/** Draws a lineage document in an output, with or without a kernel, trusted or not: it holds no HTML. */
class LineageRenderer extends Widget implements IRenderMime.IRenderer {
  constructor() {
    super();
    this.addClass('swarmprov-output');
    this.node.dataset.mimeType = MIME_TYPE;
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._drawn?.dispose();
    this.node.replaceChildren();
    this._drawn = draw(this.node, model.data[MIME_TYPE]);
  }

  dispose(): void {
    this._drawn?.dispose();
    super.dispose();
  }

  private _drawn: { dispose(): void } | null = null;
}

const extension: IRenderMime.IExtension = {
  id: 'swarmprov-nb:lineage',
  description: 'Draws the lineage of a notebook in its outputs.',
  rendererFactory: {
    safe: true,
    mimeTypes: [MIME_TYPE],
    defaultRank: 40, // before text/html, whose picture is for those who have no renderer
    createRenderer: () => new LineageRenderer()
  },
  dataType: 'json'
};

export default extension;
