import '../../swarmprov_nb/widgets/elements.css';
import '../../swarmprov_nb/widgets/publish.css';
import '../../swarmprov_nb/widgets/verify.css';
import '../../swarmprov_nb/widgets/lineage.css';
import './cells.css';
import './graph.css';
import './panel.css';
import './statusitem.css';
