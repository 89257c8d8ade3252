"""Swarm through a Bee node or a gateway: chunks up and down, postage, and in words what is in the way.

>>> from swarmprov_nb.swarm.bee import BeeNode, BeeStorage
>>> BeeStorage(BeeNode.at("http://127.0.0.1:1633"))
BeeStorage('http://127.0.0.1:1633')
"""

from __future__ import annotations

from swarmprov_nb.swarm.bee.batch import Batch
from swarmprov_nb.swarm.bee.batches import Batches, Wallet
from swarmprov_nb.swarm.bee.bee_upload import BeeUpload
from swarmprov_nb.swarm.bee.endpoint import Endpoint
from swarmprov_nb.swarm.bee.gateway import GatewayStorage
from swarmprov_nb.swarm.bee.gateway_upload import GatewayUpload
from swarmprov_nb.swarm.bee.node import BeeNode
from swarmprov_nb.swarm.bee.node_state import NodeState
from swarmprov_nb.swarm.bee.patience import Patience
from swarmprov_nb.swarm.bee.postage import Fit, Price
from swarmprov_nb.swarm.bee.storage import BeeStorage

__all__ = [
    "Batch",
    "Batches",
    "BeeNode",
    "BeeStorage",
    "BeeUpload",
    "Endpoint",
    "Fit",
    "GatewayStorage",
    "GatewayUpload",
    "NodeState",
    "Patience",
    "Price",
    "Wallet",
]
