"""Taking servers out of HAProxy's rotation and back, on somebody's word and for a limited time.

Ansible ships it as `ansible.module_utils.upkeep_balancing` (module `upkeep_load_balancer`); role `load_balancer` puts
the same files on the balancer, where timers, haproxy.service and operators run them as `upkeep-balancer`.
Standard library only, imports among each other relative. Texts for operators are German.
"""
