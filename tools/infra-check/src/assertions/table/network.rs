//! The virtual network, its rules, its endpoints and names.

use super::{Assertion, Expectation, VariantFilter, line, pointing};

const VNET: &str = "Microsoft.Network/virtualNetworks";
const ENDPOINT: &str = "Microsoft.Network/privateEndpoints";
const ZONE_GROUP: &str = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups";
const ZONE: &str = "Microsoft.Network/privateDnsZones";
const LINK: &str = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";
const TARGET: &str = "properties.privateLinkServiceConnections[0].properties.groupIds[0]";
/// The endpoint's group, which names its target service.
const CALLED: &str = "properties.privateDnsZoneConfigs[0].name";
const PRIVATE: VariantFilter = VariantFilter::Network("privateEndpoints");

pub(super) fn lines() -> Vec<Assertion> {
    [subnets(), endpoints()].concat()
}

fn subnets() -> Vec<Assertion> {
    let delegation = "properties.subnets[0].properties.delegations[0].properties.serviceName";
    let other = "properties.subnets[1].properties.delegations[0].properties.serviceName";
    let (flex, dedicated) =
        (Expectation::Text("Microsoft.App/environments"), Expectation::Text("Microsoft.Web/serverFarms"));
    vec![
        line(
            "C41-no-way-out",
            VNET,
            "properties.subnets[*].properties.defaultOutboundAccess",
            Expectation::Bool(false),
        ),
        line(
            "C41-rules",
            VNET,
            "properties.subnets[*].properties.networkSecurityGroup.id",
            Expectation::ReferenceTo("Microsoft.Network/networkSecurityGroups"),
        ),
        line("C41-api-flex", VNET, delegation, flex.clone()).when(VariantFilter::Plan("flex")),
        line("C41-processor-flex", VNET, other, flex).when(VariantFilter::Plan("flex")),
        line("C41-api-dedicated", VNET, delegation, dedicated.clone()).when(VariantFilter::Plan("dedicated")),
        line("C41-processor-dedicated", VNET, other, dedicated).when(VariantFilter::Plan("dedicated")),
        line(
            "C42-subnets",
            VNET,
            "properties.subnets[0].properties.serviceEndpoints[*].service",
            Expectation::StartsWith("Microsoft."),
        )
        .when(VariantFilter::Network("serviceEndpoints")),
        line("C42-none", VNET, "properties.subnets[0].properties.serviceEndpoints", Expectation::EmptyList)
            .when(PRIVATE),
        line(
            "C43-rules-count",
            VNET,
            "properties.subnets[3].properties.privateEndpointNetworkPolicies",
            Expectation::Text("Enabled"),
        )
        .when(VariantFilter::Plan("dedicated")),
        // Requests of a Flex Consumption app do not always come from an address of its subnet.
        line(
            "C43-flex-endpoints",
            VNET,
            "properties.subnets[3].properties.privateEndpointNetworkPolicies",
            Expectation::Text("Disabled"),
        )
        .when(VariantFilter::Plan("flex")),
    ]
}

fn endpoints() -> Vec<Assertion> {
    let to = |id, group, least| Assertion {
        only: group,
        ..line(id, ENDPOINT, "properties.subnet.id", Expectation::EndsWith("/subnets/snet-endpoints"))
            .least(least)
    };
    let zone = |id, group, zone| Assertion {
        only: group,
        ..line(
            id,
            ZONE_GROUP,
            "properties.privateDnsZoneConfigs[0].properties.privateDnsZoneId",
            Expectation::ReferenceTo(zone),
        )
    };
    vec![
        to("C43-apps", &[(TARGET, "sites")], 2).when(VariantFilter::NetworkWithoutAse("privateEndpoints")),
        to("C43-blobs", &[(TARGET, "blob")], 2).when(PRIVATE),
        to("C43-queues", &[(TARGET, "queue")], 1).when(PRIVATE),
        to("C43-vaults", &[(TARGET, "vault")], 3).when(PRIVATE),
        to("C43-server", &[(TARGET, "postgresqlServer")], 1),
        line("C43-named", ENDPOINT, "", pointing(ZONE_GROUP, "parent", &[])),
        line(
            "C43-zone",
            ZONE_GROUP,
            "properties.privateDnsZoneConfigs[*].properties.privateDnsZoneId",
            Expectation::ReferenceTo(ZONE),
        ),
        zone(
            "C43-zone-apps",
            &[(CALLED, "sites")],
            "Microsoft.Network/privateDnsZones privatelink.azurewebsites.net",
        )
        .when(VariantFilter::NetworkWithoutAse("privateEndpoints")),
        zone("C43-zone-blobs", &[(CALLED, "blob")], "Microsoft.Network/privateDnsZones privatelink.blob.")
            .when(PRIVATE),
        zone("C43-zone-queues", &[(CALLED, "queue")], "Microsoft.Network/privateDnsZones privatelink.queue.")
            .when(PRIVATE),
        zone(
            "C43-zone-vaults",
            &[(CALLED, "vault")],
            "Microsoft.Network/privateDnsZones privatelink.vaultcore.",
        )
        .when(PRIVATE),
        zone(
            "C43-zone-server",
            &[(CALLED, "postgresqlServer")],
            "Microsoft.Network/privateDnsZones privatelink.postgres.",
        ),
        line("C43-linked", ZONE, "", pointing(LINK, "parent", &[])),
        line("C43-link", LINK, "properties.virtualNetwork.id", Expectation::ReferenceTo(VNET)),
    ]
}
