import { ISettingRegistry } from '@jupyterlab/settingregistry';

/** What schema/plugin.json lets people set; without a settings registry its defaults. */
export interface ISettings {
  openPanelOnLoad: boolean;
  followRun: boolean;
  writeReceipt: boolean;
  notifyOnPublish: boolean;
}

/** Return the settings, kept up to date; `onChange` is called when they are there, and when they change. */
export function watchSettings(registry: ISettingRegistry | null, id: string, onChange: () => void): ISettings {
  const settings = { openPanelOnLoad: false, followRun: true, writeReceipt: true, notifyOnPublish: true };
  const take = (loaded: ISettingRegistry.ISettings): void => {
    Object.assign(settings, loaded.composite);
    onChange();
  };
  registry
    ?.load(id)
    .then(loaded => {
      loaded.changed.connect(take);
      take(loaded);
    })
    .catch(reason => console.warn(`The settings of ${id} could not be read; its defaults hold.`, reason));
  return settings;
}
